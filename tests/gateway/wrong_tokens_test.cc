// Guesses, counted by address.
#include "gateway/auth/wrong_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mlgraph::gateway {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

class WrongTokensTest : public ::testing::Test {
 protected:
  /// The last of so many answers.
  base::Error guess(int times, const std::string& remote = "1.2.3.4") {
    base::Error last;
    for (int i = 0; i < times; ++i) last = wrong_.count(remote, now_);
    return last;
  }
  WrongTokens wrong_;
  base::SteadyTime now_{seconds(1'000)};
};

TEST_F(WrongTokensTest, AHundredAMinuteAreAnsweredAlike) {
  for (int i = 0; i < 100; ++i) {
    const auto answer = guess(1);
    ASSERT_EQ(answer.code, ErrorCode::kUnauthorized) << i;
    ASSERT_EQ(answer.message, "invalid token");
    ASSERT_FALSE(answer.retry_after_ms);
  }
  EXPECT_EQ(wrong_.budget("1.2.3.4", now_).remaining, 0U);
  const auto refused = guess(1);
  EXPECT_EQ(refused.code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.retry_after_ms, 1'000);
}

TEST_F(WrongTokensTest, BeyondThemTheWaitDoublesToHalfAMinute) {
  EXPECT_EQ(guess(102).retry_after_ms, 2'000);
  EXPECT_EQ(guess(1).retry_after_ms, 4'000);
  EXPECT_EQ(guess(1'000'000).retry_after_ms, 32'000);
}

TEST_F(WrongTokensTest, AMinuteLaterAllAreFreeAgain) {
  guess(150);
  now_ += seconds(20);
  EXPECT_EQ(wrong_.budget("1.2.3.4", now_).reset_seconds, 40U);
  now_ += milliseconds(39'500);
  EXPECT_EQ(wrong_.budget("1.2.3.4", now_).reset_seconds, 1U);
  now_ += milliseconds(500);
  EXPECT_EQ(wrong_.budget("1.2.3.4", now_).remaining, 100U);
  EXPECT_EQ(guess(1).code, ErrorCode::kUnauthorized);
  EXPECT_EQ(wrong_.budget("1.2.3.4", now_).remaining, 99U);
}

TEST_F(WrongTokensTest, AddressesDoNotPayForEachOther) {
  guess(150);
  EXPECT_EQ(guess(1, "::1").code, ErrorCode::kUnauthorized);
  EXPECT_EQ(wrong_.budget("5.6.7.8", now_).remaining, 100U);
}

TEST_F(WrongTokensTest, TheLeastRecentAddressIsForgotten) {
  guess(150, "first");
  for (int i = 0; i < 10'000; ++i) guess(1, "a" + std::to_string(i));
  EXPECT_EQ(guess(1, "first").code, ErrorCode::kUnauthorized);
}

}  // namespace
}  // namespace mlgraph::gateway
