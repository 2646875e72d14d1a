// What the server says of itself.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class ApiServerTest : public ApiTest {};

TEST_F(ApiServerTest, HealthTellsWhetherItIsReady) {
  EXPECT_EQ(call("GET", "/health/live").text, R"({"status":"live"})");
  EXPECT_EQ(call("GET", "/health/ready").status, 200);
  ready_ = false;
  EXPECT_EQ(call("GET", "/health/live").status, 200);
  EXPECT_EQ(call("GET", "/health/ready").status, 503);
}

TEST_F(ApiServerTest, SpecificationsAreServedAsTheyAre) {
  const auto openapi = call("GET", "/openapi.yaml");
  EXPECT_EQ(openapi.text, "openapi: 3.1.0");
  EXPECT_EQ(openapi.content_type, "application/yaml");
  EXPECT_EQ(call("GET", "/asyncapi.yaml").text, "asyncapi: 3.0.0");
}

TEST_F(ApiServerTest, PrometheusNeedsTheRightToReadAll) {
  create("docs");
  put("docs", R"({"id":"a","values":[1,2]})");
  const auto page = call("GET", "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type.substr(0, 10), "text/plain");
  EXPECT_NE(page.text.find("# TYPE"), std::string::npos);
  act_with({"read:*"});
  EXPECT_EQ(call("GET", "/metrics").status, 200);
  for (const std::string scope : {"read:docs", "read:d*", "events:*"}) {
    act_with({scope});
    EXPECT_EQ(call("GET", "/metrics").status, 403) << scope;
  }
}

TEST_F(ApiServerTest, PublicMetricsNeedNoToken) {
  services_.metrics_public = true;
  gateway::Router router;
  gateway::add_routes(router, services_);
  const auto match = router.match("GET", "/metrics");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->access, gateway::Access::kPublic);
  match.route->handle(
      std::make_shared<gateway::HttpRequest>(),
      [](const gateway::HttpResponse& response) { EXPECT_EQ(response.status, 200); }
  );
}

TEST_F(ApiServerTest, SamplesAreTheNewestAndOnlyOfIndicesOneMayRead) {
  EXPECT_EQ(get("/metrics/system").text, R"({"metrics":[]})") << "nothing measured yet";
  create("docs");
  create("other");
  for (const char* id : {"docs", "other"}) {
    put(id, R"({"id":"a","values":[1,2]})");
    EXPECT_EQ(post(std::string("/indices/") + id + "/search", R"({"vector":[1,2]})").status, 200);
  }
  stack_.clock.advance(std::chrono::seconds(1));
  sampler_.tick();
  const auto system = get("/metrics/system");
  ASSERT_EQ(system.json.find("metrics")->as_array()->size(), 1U);
  EXPECT_EQ(*system.json.find("metrics")->as_array()->front().find("node")->as_string(), "n1");
  EXPECT_EQ(get("/metrics/search").json.find("metrics")->as_array()->size(), 2U);
  act_with({"read:docs"});
  for (const char* kind : {"search", "ingest"}) {
    const auto seen = get(std::string("/metrics/") + kind);
    EXPECT_NE(seen.text.find("\"docs\""), std::string::npos) << seen.text;
    EXPECT_EQ(seen.text.find("\"other\""), std::string::npos);
  }
  EXPECT_EQ(get("/metrics/index").text.find("\"other\""), std::string::npos);
  EXPECT_EQ(get("/metrics/index").json.find("metrics")->as_array()->size(), 1U);
  act_with({"events:metrics.*"});
  EXPECT_EQ(get("/metrics/system").json.find("metrics")->as_array()->size(), 1U);
  EXPECT_EQ(get("/metrics/search").status, 403);
  act_with({"events:metrics.n1.system"});
  EXPECT_EQ(get("/metrics/system").json.find("metrics")->as_array()->size(), 1U);
  for (const char* other : {"events:job.*", "events:metrics.search", "events:metrics.n2.*"}) {
    act_with({other});
    EXPECT_EQ(get("/metrics/system").status, 403) << other;
  }
  act_with({"read:*"});
  EXPECT_EQ(get("/metrics/system").text, R"({"metrics":[]})") << "it names no index";
  act_with({"read:*", "events:metrics.search"});
  EXPECT_EQ(get("/metrics/search").json.find("metrics")->as_array()->size(), 2U);
  EXPECT_EQ(get("/metrics/ingest").text, R"({"metrics":[]})");
}

TEST_F(ApiServerTest, StateIsTheFoldAtItsIdUnderTheScopes) {
  create("docs");
  create("other");
  EXPECT_TRUE(stack_.runner->finish(begin_job("done", "docs"), {}));
  const auto whole = get("/state");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole["type"], "state");
  EXPECT_EQ(whole["id"], "testepoch-" + std::to_string(stack_.log.tail()));
  const auto* data = whole.json.find("data");
  EXPECT_EQ(data->find("indices")->as_array()->size(), 2U);
  EXPECT_EQ(data->find("jobs")->as_array()->size(), 1U);
  EXPECT_EQ(data->find("last")->as_bool() && *data->find("last")->as_bool(), true);

  const auto indices = get("/state?channels=index.*");
  EXPECT_EQ(indices.json.find("data")->find("indices")->as_array()->size(), 2U);
  EXPECT_TRUE(indices.json.find("data")->find("jobs")->as_array()->empty());

  act_with({"events:*", "read:docs"});
  const auto mine = get("/state");
  EXPECT_EQ(mine.json.find("data")->find("indices")->as_array()->size(), 1U);
  EXPECT_EQ(mine.text.find("other"), std::string::npos);
  act_with({"events:job.*", "read:docs"});
  EXPECT_TRUE(get("/state?channels=job.*").json.find("data")->find("indices")->as_array()->empty());
  EXPECT_EQ(get("/state?channels=index.*").status, 403);
  EXPECT_EQ(get("/state?channels=job.*,..").status, 400);
  EXPECT_EQ(get("/state?channels=job.*,..")["error"], "bad_request");
}

/// A session that tells one row.
class SeenSession final : public gateway::RegisteredSession {
 public:
  explicit SeenSession(gateway::SessionRow row) : row_(std::move(row)) {}
  void on_token_change(const std::string&, const std::optional<gateway::TokenInfo>&) override {}
  [[nodiscard]] gateway::SessionRow row() const override { return row_; }

 private:
  gateway::SessionRow row_;
};

TEST_F(ApiServerTest, ClusterAndSessionsAreForTheAdmin) {
  create("docs", ",\"num_shards\":3");
  sampler_.tick();
  const auto cluster = get("/cluster");
  ASSERT_EQ(cluster.status, 200);
  const auto& node = cluster.json.find("nodes")->as_array()->front();
  EXPECT_EQ(*node.find("node")->as_string(), "n1");
  EXPECT_EQ(*node.find("state")->as_string(), "active");
  EXPECT_EQ(node.find("shards")->as_int(), 3);

  SeenSession session({"s1", "ci", "1.2.3.4", "websocket", {"job.*"}, 0, "e-1", 0, {}});
  registry_.add("s1", [&](const auto& step) { step(session); });
  registry_.add("ended-meanwhile", [](const auto&) {});
  const auto sessions = get("/sessions");
  EXPECT_EQ(sessions.json.find("sessions")->as_array()->size(), 1U);
  EXPECT_NE(sessions.text.find(R"("channels":["job.*"])"), std::string::npos);
  act_with({"read:*", "events:*"});
  EXPECT_EQ(get("/cluster").status, 403);
  EXPECT_EQ(get("/sessions").status, 403);
}

TEST(ErrorResponse, TellsWhenToComeBack) {
  const auto header = [](const base::Error& error) {
    for (const auto& [name, value] : gateway::error_response(error).headers)
      if (name == "Retry-After") return value;
    return std::string();
  };
  using base::ErrorCode;
  EXPECT_EQ(header({ErrorCode::kRateLimited, "", {}, 1'001}), "2");
  EXPECT_EQ(header({ErrorCode::kOverloaded, "", {}, 1}), "1");
  EXPECT_EQ(header({ErrorCode::kOverloaded, "", {}, {}}), "1");
  EXPECT_EQ(header({ErrorCode::kNotFound, "", {}, {}}), "");
}

}  // namespace
}  // namespace mlgraph::testing
