// Static files as browsers ask for them.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

constexpr std::array<gateway::StaticFile, 2> kFiles{
    {{"/", "text/html", "\"page\"", "<html>", "page in gzip", ""},
     {"/assets/a-1.js", "text/javascript", "\"script\"", "plain", "in gzip", "in brotli"}}};

class DashboardRoutesTest : public ApiTest {
 protected:
  DashboardRoutesTest() { services_.dashboard = kFiles; }

  gateway::HttpResponse get(
      const std::string& path, const std::string& accepted = "", const std::string& known = ""
  ) {
    auto request = std::make_shared<gateway::HttpRequest>();
    request->path = path;
    request->accept_encoding = accepted;
    request->if_none_match = known;
    const auto match = router_.match("GET", path);
    EXPECT_NE(match.route, nullptr) << path;
    EXPECT_EQ(match.route->access, gateway::Access::kPublic);
    gateway::HttpResponse answer;
    match.route->handle(request, [&](gateway::HttpResponse response) {
      answer = std::move(response);
    });
    return answer;
  }
  static std::string header(const gateway::HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }
};

TEST_F(DashboardRoutesTest, AFileComesInTheBestCodingThatIsAccepted) {
  const std::vector<std::pair<std::string, std::string>> accepted{
      {"", ""},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip;q=1.0", "gzip"},
      {"br;q=0, gzip", "gzip"},
      {"br; q=0.000,gzip;q=0", ""},
      {"bro, xgzip", ""},
      {"identity", ""}};
  for (const auto& [asked, coding] : accepted) {
    const auto answer = get("/assets/a-1.js", asked);
    EXPECT_EQ(header(answer, "Content-Encoding"), coding) << asked;
    EXPECT_EQ(answer.body, coding.empty() ? "plain" : coding == "br" ? "in brotli" : "in gzip");
    EXPECT_EQ(header(answer, "Vary"), "Accept-Encoding");
  }
  EXPECT_EQ(get("/", "br, gzip").body, "page in gzip") << "not made in brotli";
}

TEST_F(DashboardRoutesTest, NamesWithAHashAreKeptForEverAndThePageIsAskedForAgain) {
  EXPECT_EQ(get("/assets/a-1.js").cache_control, "public, max-age=31536000, immutable");
  const auto page = get("/");
  EXPECT_EQ(page.cache_control, "no-cache");
  EXPECT_EQ(header(page, "ETag"), "W/\"page\"");
  const auto known = get("/", "gzip", "W/\"other\", \"page\"");
  EXPECT_EQ(known.status, 304);
  EXPECT_TRUE(known.body.empty());
  EXPECT_EQ(get("/", "gzip", "\"other\"").status, 200);
}

TEST_F(DashboardRoutesTest, ThePolicyAllowsThisOriginAlone) {
  const auto policy = header(get("/"), "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST_F(DashboardRoutesTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(get("/assets/a-2.js").status, 404);
  EXPECT_EQ(get("/assets/..").status, 404);
}

}  // namespace
}  // namespace mlgraph::testing
