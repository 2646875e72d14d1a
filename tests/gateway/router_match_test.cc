// The table of routes: which path means which handler, and who may use it.
#include <gtest/gtest.h>

#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;
using gateway::Access;
using gateway::Route;
using gateway::Router;

Route route(const std::string& method, const std::string& pattern, Access access = Access::kRead) {
  Route route;
  route.method = method;
  route.pattern = pattern;
  route.access = access;
  return route;
}
Router table() {
  Router router;
  router.add(route("GET", "/api/v1/indices"));
  router.add(route("GET", "/api/v1/indices/{id}"));
  router.add(route("PATCH", "/api/v1/indices/{id}", Access::kWrite));
  router.add(route("GET", "/api/v1/indices/{id}/vectors/{vid}"));
  router.add(route("POST", "/api/v1/indices/{id}/vectors/delete", Access::kWrite));
  router.add(route("GET", "/health/live", Access::kPublic));
  return router;
}

TEST(RouterTest, ParametersAreDecodedAfterThePathIsCut) {
  const auto router = table();
  const auto match = router.match("GET", "/api/v1/indices/docs/vectors/a%2Fb%20c%zz+d");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.params.at("id"), "docs");
  EXPECT_EQ(match.params.at("vid"), "a/b c%zz+d");
}

TEST(RouterTest, TheShortPathIsTheSame) {
  const auto router = table();
  const auto match = router.match("GET", "/v1/indices/docs");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->pattern, "/api/v1/indices/{id}");
  EXPECT_EQ(match.params.at("id"), "docs");
  EXPECT_TRUE(router.match("GET", "/v1/indices").route);
  EXPECT_FALSE(router.match("GET", "/v1/health/live").route);
}

TEST(RouterTest, NothingElseIsServed) {
  const auto router = table();
  for (const char* path :
       {"",
        "/",
        "indices",
        "*",
        "/api/v1",
        "/api/v1/",
        "/v1",
        "/v10/indices",
        "/api/v2/indices",
        "/api/v1/indices/",
        "/api/v1//indices",
        "/api/v1/indices//vectors/x",
        "/api/v1/indices/docs/",
        "/api/v1/Indices",
        "/api/v1/%69ndices",
        "/api/v1/indices/docs/vectors/x/y",
        "/v1/v1/indices"}) {
    const auto match = router.match("GET", path);
    EXPECT_FALSE(match.route) << path;
    EXPECT_FALSE(match.path_exists) << path;
  }
}

TEST(RouterTest, AnotherMethodIsToldWhichAreServed) {
  const auto router = table();
  const auto match = router.match("DELETE", "/v1/indices/docs");
  EXPECT_FALSE(match.route);
  EXPECT_TRUE(match.path_exists);
  EXPECT_EQ(match.allowed, "GET, PATCH");
  EXPECT_FALSE(router.match("get", "/v1/indices/docs").route);
  EXPECT_TRUE(router.match("HEAD", "/v1/indices/docs").route);
}

TEST(RouterTest, AFixedSegmentStandsBesideAParameter) {
  const auto router = table();
  const auto post = router.match("POST", "/v1/indices/docs/vectors/delete");
  ASSERT_TRUE(post.route);
  EXPECT_EQ(post.route->pattern, "/api/v1/indices/{id}/vectors/delete");
  const auto get = router.match("GET", "/v1/indices/docs/vectors/delete");
  ASSERT_TRUE(get.route);
  EXPECT_EQ(get.params.at("vid"), "delete");
}

TEST(PercentDecode, LeavesWhatIsNoEscape) {
  EXPECT_EQ(gateway::percent_decode("%41%4a%4A", false), "AJJ");
  EXPECT_EQ(gateway::percent_decode("%", false), "%");
  EXPECT_EQ(gateway::percent_decode("%4", false), "%4");
  EXPECT_EQ(gateway::percent_decode("%g1%%41", false), "%g1%A");
  EXPECT_EQ(gateway::percent_decode("a+b", false), "a+b");
  EXPECT_EQ(gateway::percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(gateway::percent_decode("%00", false), std::string(1, '\0'));
}

/// What a token with `scopes` is told at a route of index "docs" (or of none): "" when it may.
std::string told(Access access, std::vector<std::string> scopes, const std::string& pattern) {
  gateway::HttpRequest request;
  request.principal.name = "t";
  request.principal.scopes = protocol::Scopes::parse(scopes).value();
  if (pattern.find("{id}") != std::string::npos) request.params["id"] = "docs";
  const auto allowed = gateway::check_access(route("GET", pattern, access), request);
  if (allowed) return "";
  EXPECT_EQ(allowed.error().code, ErrorCode::kForbidden);
  return allowed.error().message;
}

TEST(CheckAccess, RightsAreThoseOfTheIndexInThePath) {
  const std::string of_index = "/api/v1/indices/{id}/x";
  EXPECT_EQ(told(Access::kRead, {"read:docs"}, of_index), "");
  EXPECT_EQ(told(Access::kRead, {"search:docs"}, of_index), "");
  EXPECT_EQ(told(Access::kRead, {"write:d*"}, of_index), "");
  EXPECT_EQ(told(Access::kRead, {"read:other"}, of_index), "this needs the scope read:docs");
  EXPECT_EQ(told(Access::kSearch, {"read:docs"}, of_index), "this needs the scope search:docs");
  EXPECT_EQ(
      told(Access::kWrite, {"search:docs", "read:*"}, of_index), "this needs the scope write:docs"
  );
  EXPECT_EQ(told(Access::kWrite, {"write:docs"}, of_index), "");
  EXPECT_EQ(told(Access::kWrite, {"admin"}, of_index), "");
  EXPECT_NE(told(Access::kRead, {"events:*"}, of_index), "");

  EXPECT_EQ(told(Access::kRead, {"read:other"}, "/api/v1/indices"), "");
  EXPECT_NE(told(Access::kRead, {"events:*"}, "/api/v1/indices"), "");
  EXPECT_EQ(told(Access::kEvents, {"events:job.*"}, "/api/v1/state"), "");
  EXPECT_EQ(told(Access::kEvents, {"read:*"}, "/api/v1/state"), "this needs an events: scope");
  EXPECT_EQ(
      told(Access::kAdmin, {"read:*", "write:*", "search:*", "events:*"}, "/api/v1/tokens"),
      "this needs the scope admin"
  );
  EXPECT_EQ(told(Access::kAdmin, {"admin"}, "/api/v1/tokens"), "");
  EXPECT_EQ(told(Access::kAnyToken, {"read:x"}, "/api/v1/jobs"), "");
}

class RouteTable : public ApiTest {};

TEST_F(RouteTable, WithoutATokenOnlyThePublicListIsServed) {
  std::vector<std::string> open;
  for (const auto& each : router_.routes()) {
    if (each.access == Access::kPublic) {
      open.push_back(each.pattern);
      continue;
    }
    const auto refused = gateway::check_access(each, gateway::HttpRequest{});
    ASSERT_FALSE(refused) << each.method << " " << each.pattern;
    EXPECT_EQ(refused.error().code, ErrorCode::kUnauthorized);
  }
  EXPECT_EQ(
      open,
      (std::vector<std::string>{
          "/api/v1/sign-in",
          "/",
          "/assets/{file}",
          "/health/live",
          "/health/ready",
          "/openapi.yaml",
          "/asyncapi.yaml"})
  );
}

TEST_F(RouteTable, TokensWithoutTheRightAreRefusedOnEveryRoute) {
  // A token that may do nothing with "docs", on each route about it; and no admin elsewhere.
  act_with({"read:other", "search:other", "write:other"});
  for (const auto& each : router_.routes()) {
    const bool of_docs = each.pattern.find("/indices/{id}") != std::string::npos;
    const bool admins = each.access == Access::kAdmin;
    const bool events = each.access == Access::kEvents;
    if (!of_docs && !admins && !events) continue;
    std::string path = each.pattern;
    if (of_docs) path.replace(path.find("{id}"), 4, "docs");
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
      path.replace(at, path.find('}') - at + 1, "x");
    const auto answer = call(each.method, path, "{}");
    EXPECT_EQ(answer.status, 403) << each.method << " " << path;
    EXPECT_EQ(answer["error"], "forbidden");
  }
}

}  // namespace
}  // namespace mlgraph::testing
