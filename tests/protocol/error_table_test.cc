// What REST answers is what its contract lists, whatever the error is called on the socket.
#include "protocol/error_table.h"

#include <map>

#include <gtest/gtest.h>

namespace mlgraph::protocol {
namespace {

using base::ErrorCode;

TEST(ErrorTable, RestAnswersWithTheCodesItsContractLists) {
  const std::multimap<int, std::string_view> listed = {
      {400, "bad_request"},
      {401, "unauthorized"},
      {403, "forbidden"},
      {404, "not_found"},
      {408, "timeout"},
      {409, "conflict"},
      {413, "too_large"},
      {422, "invalid_vector"},
      {422, "invalid_value"},
      {429, "rate_limited"},
      {431, "too_large"},
      {500, "internal"},
      {503, "overloaded"},
      {503, "recovering"},
      {503, "readonly"},
      {507, "no_space"}};
  for (const auto& row : error_table()) {
    const auto& rest = rest_row_of(row.code);
    const auto [begin, end] = listed.equal_range(rest.http_status);
    EXPECT_TRUE(std::any_of(begin, end, [&](const auto& one) { return one.second == rest.name; }))
        << row.name << " is " << rest.http_status << " " << rest.name;
    EXPECT_EQ(rest.http_status, row.http_status) << row.name;
  }
}

TEST(ErrorTable, TheBodyNamesTheCodeTheMessageAndTheMember) {
  EXPECT_EQ(
      rest_error_body({ErrorCode::kBadJson, "invalid JSON at byte 3", {}, {}}),
      R"({"error":"bad_request","message":"invalid JSON at byte 3"})"
  );
  EXPECT_EQ(
      rest_error_body({ErrorCode::kInvalidValue, "k is 0", "k", {}}),
      R"({"error":"invalid_value","message":"k is 0","member":"k"})"
  );
  EXPECT_EQ(
      rest_error_body({ErrorCode::kShuttingDown, "the server is stopping", {}, 1'000}),
      R"({"error":"overloaded","message":"the server is stopping","retry_after_ms":1000})"
  );
}

// A socket tells them apart: what a client does next differs.
TEST(ErrorTable, TheSocketKeepsItsOwnNames) {
  EXPECT_EQ(row_of(ErrorCode::kBadJson).name, "bad_json");
  EXPECT_EQ(row_of(ErrorCode::kInvalidChannel).name, "invalid_channel");
  EXPECT_EQ(row_of(ErrorCode::kTokenExpired).name, "token_expired");
  EXPECT_EQ(row_of(ErrorCode::kShuttingDown).name, "shutting_down");
}

}  // namespace
}  // namespace mlgraph::protocol
