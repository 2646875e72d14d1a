// When a token expires, as it is written.
#include "gateway/auth/token_expiry.h"

#include <gtest/gtest.h>

namespace mlgraph::gateway {
namespace {

const base::Timestamp kNow = *base::parse_timestamp("2024-12-22T10:30:00.123Z");

std::string read(const std::string& text) {
  const auto at = parse_rfc3339(text);
  return at ? base::format_timestamp(*at) : "none";
}

TEST(TokenExpiry, TimesAreReadAsRfc3339WritesThem) {
  EXPECT_EQ(read("2030-01-31T10:30:00Z"), "2030-01-31T10:30:00.000Z");
  EXPECT_EQ(read("2030-01-31t10:30:00z"), "2030-01-31T10:30:00.000Z");
  EXPECT_EQ(read("2030-01-31 10:30:00.5Z"), "2030-01-31T10:30:00.500Z");
  EXPECT_EQ(read("2030-01-31T10:30:00.123456789+02:00"), "2030-01-31T08:30:00.123Z");
  EXPECT_EQ(read("2030-01-01T00:30:00-23:59"), "2030-01-02T00:29:00.000Z");
  EXPECT_EQ(read("2028-02-29T00:00:00Z"), "2028-02-29T00:00:00.000Z");
  EXPECT_EQ(read("2030-06-30T23:59:60Z"), "2030-07-01T00:00:00.000Z");
  for (const char* bad :
       {"",
        "soon",
        "2030-01-31",
        "2030-01-31T10:30:00",
        "2030-01-31T10:30Z",
        "2030-13-01T00:00:00Z",
        "2029-02-29T00:00:00Z",
        "2030-01-31T24:00:00Z",
        "2030-01-31T10:60:00Z",
        "2030-01-31T10:30:00.Z",
        "2030-01-31T10:30:00+2:00",
        "2030-01-31T10:30:00+24:00",
        "2030-01-31T10:30:00Z ",
        " 2030-01-31T10:30:00Z",
        "9999-12-31T23:59:59-01:00",
        "1893456000"})
    EXPECT_EQ(read(bad), "none") << bad;
}

base::Result<Expiry> expiry(const std::string& json) {
  return read_expiry(base::parse_json(json).value(), kNow);
}

TEST(TokenExpiry, IsSaidInOneWay) {
  EXPECT_FALSE(expiry("{}")->said);
  EXPECT_FALSE(expiry(R"({"expires_in_seconds":null})")->said);
  EXPECT_TRUE(expiry(R"({"expires_at":null})")->said);
  EXPECT_EQ(expiry(R"({"expires_at":null})")->at, std::nullopt);
  EXPECT_EQ(expiry(R"({"expires_in_seconds":60})")->at->ms, kNow.ms + 60'000);
  EXPECT_EQ(expiry(R"({"expires_at":null,"expires_in_seconds":60})")->at->ms, kNow.ms + 60'000);
  EXPECT_EQ(expiry(R"({"expires_at":"2024-12-22T10:30:00.124Z"})")->at->ms, kNow.ms + 1);
}

TEST(TokenExpiry, WhatIsWrongIsNamed) {
  for (const char* bad :
       {R"({"expires_at":"2024-12-22T10:30:00.123Z"})",
        R"({"expires_at":"1999-01-01T00:00:00Z"})",
        R"({"expires_at":"tomorrow"})",
        R"({"expires_at":1893456000})",
        R"({"expires_at":""})",
        R"({"expires_at":{}})",
        R"({"expires_at":"2030-01-31T10:30:00Z","expires_in_seconds":60})"}) {
    const auto refused = expiry(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalidValue);
    EXPECT_EQ(refused.error().member, "expires_at") << bad;
  }
  for (const char* bad : {R"({"expires_in_seconds":0})", R"({"expires_in_seconds":"60"})"}) {
    const auto refused = expiry(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().member, "expires_in_seconds");
  }
}

}  // namespace
}  // namespace mlgraph::gateway
