// How slow a body may be, by a clock moved by hand; and what all bodies hold together.
#include "gateway/net/body_pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/net/body_lease.h"

namespace mlgraph::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class BodyPaceTest : public ::testing::Test {
 protected:
  /// Bytes each second for so long; the seconds until it was too slow, or all of them.
  int feed(BodyPace& pace, int for_seconds, std::uint64_t bytes_a_second) {
    for (int second = 1; second <= for_seconds; ++second) {
      now_ += seconds(1);
      pace.on_bytes(bytes_a_second, now_);
      if (const auto judged = pace.judge(now_); !judged) {
        reason_ = judged.error().message;
        EXPECT_EQ(judged.error().code, base::ErrorCode::kTimeout);
        return second;
      }
    }
    return for_seconds;
  }
  base::SteadyTime now_{seconds(1'000)};
  std::string reason_;
};

constexpr BodyPace::Limits kGathered{
    .window = seconds(30), .bytes_per_second_min = 1'024, .trailers_time = seconds(10)};
constexpr BodyPace::Limits kStreamed{
    .window = seconds(30), .bytes_per_second_min = 0, .trailers_time = seconds(10)};

TEST_F(BodyPaceTest, AByteASecondIsTooSlowForABodyThatIsGathered) {
  BodyPace pace(kGathered, now_);
  EXPECT_EQ(feed(pace, 100, 1), 30);
  EXPECT_THAT(reason_, HasSubstr("30 bytes of the body came in 30 s"));
}

TEST_F(BodyPaceTest, TheLeastRateIsHeldInEachWindowAndNothingIsSavedUp) {
  BodyPace pace(kGathered, now_);
  EXPECT_EQ(feed(pace, 3'600, 1'024), 3'600);
  pace.on_bytes(std::uint64_t{60} << 20, now_);
  EXPECT_LE(feed(pace, 100, 1), 60);
}

TEST_F(BodyPaceTest, AStreamedBodyMayBeSlowButNotSilent) {
  BodyPace pace(kStreamed, now_);
  EXPECT_EQ(feed(pace, 3'600, 1), 3'600);
  EXPECT_EQ(feed(pace, 100, 0), 30);
  EXPECT_THAT(reason_, HasSubstr("no byte of the body for 30 s"));
}

TEST_F(BodyPaceTest, TrailersHaveATimeOfTheirOwn) {
  BodyPace pace(kStreamed, now_);
  pace.on_trailers(now_);
  for (int i = 0; i < 9; ++i) {
    now_ += seconds(1);
    pace.on_trailers(now_);  // another line has come: it buys nothing
    EXPECT_TRUE(pace.judge(now_));
  }
  now_ += seconds(1);
  EXPECT_FALSE(pace.judge(now_));
}

TEST_F(BodyPaceTest, TimeInWhichNobodyReadIsNotThePeers) {
  BodyPace pace(kGathered, now_);
  now_ += seconds(31);
  pace.excuse(milliseconds(5'000));
  EXPECT_TRUE(pace.judge(now_));
  now_ += seconds(100);
  pace.excuse(now_);
  now_ += seconds(29);
  EXPECT_TRUE(pace.judge(now_));
  now_ += seconds(1);
  EXPECT_FALSE(pace.judge(now_));
}

TEST(BodyLease, HoldsWhatHasComeAndGivesItBack) {
  std::atomic<std::size_t> sum{0};
  {
    BodyLease first(sum, 100);
    BodyLease second(sum, 100);
    EXPECT_TRUE(first.try_grow_to(60));
    EXPECT_TRUE(first.try_grow_to(10)) << "it does not shrink";
    EXPECT_TRUE(second.try_grow_to(40));
    EXPECT_FALSE(second.try_grow_to(41));
    EXPECT_EQ(sum, 100U);
  }
  EXPECT_EQ(sum, 0U);
}

}  // namespace
}  // namespace mlgraph::gateway
