#include "client/ending.h"

#include <gtest/gtest.h>

namespace mlgraph::client {
namespace {

Next after_close(int code) {
  Ending ending;
  ending.close_code = code;
  return next_after(ending);
}

Next after_http(int status) {
  Ending ending;
  ending.http_status = status;
  return next_after(ending);
}

TEST(Ending, FinalCodesGiveUp) {
  for (const int code : {4000, 4001, 4003, 4009, 4099}) EXPECT_EQ(after_close(code), Next::kGiveUp);
}

TEST(Ending, TransientCodesRetry) {
  for (const int code : {4100, 4101, 4102, 4103, 4104, 4105, 4106, 4199})
    EXPECT_EQ(after_close(code), Next::kRetry);
}

TEST(Ending, RenewCodesRenew) {
  for (const int code : {4200, 4201, 4202, 4299}) EXPECT_EQ(after_close(code), Next::kRenew);
}

TEST(Ending, CodesOfTheRfc) {
  EXPECT_EQ(after_close(1000), Next::kDone);
  for (const int code : {1001, 1005, 1006, 1011, 1012, 1013})
    EXPECT_EQ(after_close(code), Next::kRetry);
  for (const int code : {1002, 1003, 1007, 1008, 1009}) EXPECT_EQ(after_close(code), Next::kGiveUp);
}

TEST(Ending, UnknownCodesRetry) {
  for (const int code : {3000, 3999, 4300, 4999}) EXPECT_EQ(after_close(code), Next::kRetry);
}

TEST(Ending, RefusedUpgradesRetryOnlyWhatPasses) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504})
    EXPECT_EQ(after_http(status), Next::kRetry);
  for (const int status : {301, 400, 401, 403, 404, 426})
    EXPECT_EQ(after_http(status), Next::kGiveUp);
}

TEST(Ending, RefusedSubscriptionsFollowTheErrorTable) {
  Ending ending;
  ending.close_code = 1000;
  ending.refused = base::Error{base::ErrorCode::kRateLimited, "", {}, 10};
  EXPECT_EQ(next_after(ending), Next::kRetry);
  ending.refused = base::Error{base::ErrorCode::kForbidden, "no", {}, {}};
  EXPECT_EQ(next_after(ending), Next::kGiveUp);
  EXPECT_EQ(error_of(ending).code, base::ErrorCode::kForbidden);
}

TEST(Ending, ErrorsSayWhy) {
  const auto code_of = [](int close_code, int http_status) {
    Ending ending;
    ending.close_code = close_code;
    ending.http_status = http_status;
    return error_of(ending).code;
  };
  EXPECT_EQ(code_of(4001, 0), base::ErrorCode::kUnauthorized);
  EXPECT_EQ(code_of(4003, 0), base::ErrorCode::kForbidden);
  EXPECT_EQ(code_of(4201, 0), base::ErrorCode::kTokenExpired);
  EXPECT_EQ(code_of(4009, 0), base::ErrorCode::kBadRequest);
  EXPECT_EQ(code_of(1006, 401), base::ErrorCode::kUnauthorized);
  EXPECT_EQ(code_of(1006, 403), base::ErrorCode::kForbidden);
  EXPECT_EQ(code_of(1006, 404), base::ErrorCode::kBadRequest);
}

TEST(Ending, LeastDelayIsReadFromTheReason) {
  using std::chrono::milliseconds;
  EXPECT_EQ(retry_after_of("shutdown retry_after_ms=1700"), milliseconds(1'700));
  EXPECT_EQ(retry_after_of("retry_after_ms=5 and more"), milliseconds(5));
  for (const char* none :
       {"", "shutdown", "retry_after_ms=", "retry_after_ms=soon", "retry_after_ms=-5"})
    EXPECT_EQ(retry_after_of(none), milliseconds(0)) << none;
  EXPECT_EQ(retry_after_of("retry_after_ms=999999999999"), std::chrono::hours(24));
}

}  // namespace
}  // namespace mlgraph::client
