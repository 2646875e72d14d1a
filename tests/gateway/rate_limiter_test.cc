// What refusals are told as: one report a bucket and window.
#include "gateway/auth/rate_limiter.h"

#include <gtest/gtest.h>

#include "support/manual_clock.h"

namespace mlgraph::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RefusalReports : public ::testing::Test {
 protected:
  void refuse(const std::string& bucket, int times = 1) {
    for (int i = 0; i < times; ++i) limiter_.count_refusal(bucket, 100, milliseconds(1'500));
  }
  testing::ManualClock clock_;
  RateLimiter limiter_{clock_};
};

TEST_F(RefusalReports, OneABucketAndWindowWithTheCountSoFar) {
  refuse("ci", 3);
  clock_.advance(milliseconds(900));
  EXPECT_TRUE(limiter_.due_reports().empty());
  refuse("ci", 4);
  clock_.advance(milliseconds(100));
  const auto due = limiter_.due_reports();
  ASSERT_EQ(due.size(), 1U) << "a second after the first, whoever asks when";
  EXPECT_EQ(due[0].bucket, "ci");
  EXPECT_EQ(due[0].rejected, 7U);
  EXPECT_EQ(due[0].retry_after_seconds, 2U);
  for (int tenth = 0; tenth < 580; ++tenth) {
    refuse("ci");
    clock_.advance(milliseconds(100));
    ASSERT_TRUE(limiter_.due_reports().empty()) << tenth;
  }
  clock_.advance(seconds(2));
  refuse("ci");
  clock_.advance(seconds(1));
  EXPECT_EQ(limiter_.due_reports().size(), 1U) << "the next window";
}

TEST_F(RefusalReports, BucketsHaveTheirOwn) {
  refuse("a");
  clock_.advance(milliseconds(500));
  refuse("b");
  clock_.advance(milliseconds(500));
  EXPECT_EQ(limiter_.due_reports().size(), 1U);
  clock_.advance(milliseconds(500));
  EXPECT_EQ(limiter_.due_reports().size(), 1U);
}

}  // namespace
}  // namespace mlgraph::gateway
