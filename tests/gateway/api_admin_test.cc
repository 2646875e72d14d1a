// Tokens, alerts and rules over REST.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class ApiAdminTest : public ApiTest {
 protected:
  /// The open alert that failed jobs of an index raise.
  std::string raise_alert(const std::string& index) {
    EXPECT_TRUE(stack_.runner->finish(
        begin_job("broken-" + index, index), base::fail(base::ErrorCode::kInternal, "broke")
    ));
    for (int i = 0; i < 3; ++i) {
      alerts_.evaluate({});
      flush(*stack_.committer);
      stack_.clock.advance(std::chrono::seconds(1));
    }
    for (const auto& alert : alerts_.open_alerts())
      if (alert.index == index) return alert.alert_id;
    return {};
  }
};

TEST_F(ApiAdminTest, ATokensSecretIsShownOnce) {
  const auto made = post(
      "/tokens",
      R"({"name":"ci","scopes":["read:docs","events:job.*"],"expires_in_seconds":60,)"
      R"("rate_limit_per_minute":100,"burst":10})"
  );
  EXPECT_EQ(made.status, 201) << made.text;
  const std::string secret = made["token"];
  EXPECT_TRUE(gateway::is_token_text(secret));
  EXPECT_EQ(made["scopes"], R"(["read:docs","events:job.*"])");
  EXPECT_EQ(made["rate_limit_per_minute"], "100");
  EXPECT_EQ(made["burst"], "10");
  EXPECT_EQ(made["expires_at"], base::format_timestamp({stack_.clock.wall_now().ms + 60'000}));
  EXPECT_EQ(authenticator_.authenticate(secret, "1.2.3.4").value().name, "ci");

  const auto list = get("/tokens");
  EXPECT_NE(list.text.find("\"ci\""), std::string::npos);
  EXPECT_EQ(list.text.find(secret), std::string::npos);
  EXPECT_EQ(post("/tokens", R"({"name":"ci","scopes":["admin"]})").status, 409);

  stack_.clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(
      code_of(authenticator_.authenticate(secret, "1.2.3.4")), base::ErrorCode::kTokenExpired
  );
}

TEST_F(ApiAdminTest, ASecretOfOnesOwnIsKept) {
  const auto made =
      post("/tokens", R"({"name":"page","scopes":["admin"],"token":"mlg_your_token_here"})");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(authenticator_.authenticate("mlg_your_token_here", "1.2.3.4"));
  for (const char* secret : {"\"short\"", "\"mlg_x\"", "7", "\"mlg_with blank in it\""}) {
    const auto refused =
        post("/tokens", std::string(R"({"name":"p2","scopes":["admin"],"token":)") + secret + "}");
    EXPECT_EQ(refused.status, 422) << secret << refused.text;
    EXPECT_EQ(refused.text.find("with blank"), std::string::npos) << "secrets are never echoed";
  }
}

TEST_F(ApiAdminTest, TokensThatCannotBeAreRefusedByMember) {
  struct Case {
    const char* body;
    const char* member;
  };
  const Case cases[] = {
      {"{}", "name"},
      {R"({"name":7,"scopes":["admin"]})", "name"},
      {R"({"name":"","scopes":["admin"]})", "name"},
      {R"({"name":"a b","scopes":["admin"]})", "name"},
      {R"({"name":"x"})", "scopes"},
      {R"({"name":"x","scopes":"admin"})", "scopes"},
      {R"({"name":"x","scopes":[1]})", "scopes"},
      {R"({"name":"x","scopes":["root"]})", "scopes"},
      {R"({"name":"x","scopes":["read:a*b"]})", "scopes"},
      {R"({"name":"x","scopes":["admin"],"expires_in_seconds":0})", "expires_in_seconds"},
      {R"({"name":"x","scopes":["admin"],"expires_in_seconds":-5})", "expires_in_seconds"},
      {R"({"name":"x","scopes":["admin"],"expires_in_seconds":99999999999})", "expires_in_seconds"},
      {R"({"name":"x","scopes":["admin"],"rate_limit_per_minute":0})", "rate_limit_per_minute"},
      {R"({"name":"x","scopes":["admin"],"burst":"many"})", "burst"}};
  for (const auto& one : cases) {
    const auto refused = post("/tokens", one.body);
    EXPECT_EQ(refused.status, 422) << one.body << refused.text;
    EXPECT_EQ(refused["member"], one.member) << one.body << refused.text;
  }
}

TEST_F(ApiAdminTest, AChangedTokenIsChangedAtOnceAndARevokedOneIsGone) {
  const std::string secret = post("/tokens", R"({"name":"ci","scopes":["read:docs"]})")["token"];
  const auto patched =
      call("PATCH", "/api/v1/tokens/ci", R"({"scopes":["write:docs"],"expires_in_seconds":3600})");
  EXPECT_EQ(patched.status, 200) << patched.text;
  EXPECT_EQ(patched["scopes"], R"(["write:docs"])");
  EXPECT_EQ(
      patched["expires_at"], base::format_timestamp({stack_.clock.wall_now().ms + 3'600'000})
  );
  EXPECT_TRUE(authenticator_.authenticate(secret, "1.2.3.4")
                  .value()
                  .scopes.allows(protocol::Scopes::Verb::kWrite, "docs"));
  EXPECT_EQ(call("PATCH", "/api/v1/tokens/ci", R"({"scopes":["nonsense"]})").status, 422);
  EXPECT_EQ(call("PATCH", "/api/v1/tokens/none", "{}").status, 404);

  EXPECT_EQ(call("DELETE", "/api/v1/tokens/ci").status, 204);
  EXPECT_FALSE(authenticator_.authenticate(secret, "1.2.3.4"));
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/ci").status, 404);
}

TEST_F(ApiAdminTest, AnExpiryIsATimeOrADuration) {
  const auto made = post(
      "/tokens", R"({"name":"ci","scopes":["admin"],"expires_at":"2100-01-31T12:30:00+02:00"})"
  );
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made["expires_at"], "2100-01-31T10:30:00.000Z");
  const auto patch = [&](const std::string& json) {
    return call("PATCH", "/api/v1/tokens/ci", json);
  };
  EXPECT_EQ(patch(R"({"burst":5,"rate_limit_per_minute":9})")["expires_at"], made["expires_at"]);
  EXPECT_EQ(
      patch(R"({"expires_at":"2101-01-31T10:30:00Z"})")["expires_at"], "2101-01-31T10:30:00.000Z"
  );
  for (const char* bad :
       {R"("expires_at":"1999-01-31T10:30:00Z")",
        R"("expires_at":"in a while")",
        R"("expires_at":7)",
        R"("expires_at":"2100-01-31T10:30:00Z","expires_in_seconds":60)"}) {
    const auto refused = patch("{" + std::string(bad) + "}");
    EXPECT_EQ(refused.status, 422) << bad << refused.text;
    EXPECT_EQ(refused["member"], "expires_at");
    EXPECT_EQ(
        post("/tokens", R"({"name":"x","scopes":["admin"],)" + std::string(bad) + "}").status, 422
    );
  }
  EXPECT_EQ(patch(R"({"expires_in_seconds":0})")["member"], "expires_in_seconds");
  EXPECT_EQ(patch(R"({"expires_at":null})")["expires_at"], "null");
}

TEST_F(ApiAdminTest, RulesAreListedAndChangedInPart) {
  const auto rules = get("/alert-rules");
  EXPECT_EQ(rules.status, 200);
  EXPECT_FALSE(rules.json.find("rules")->as_array()->empty());
  const std::string name = *rules.json.find("rules")->as_array()->front().find("rule")->as_string();
  const auto off = call("PUT", "/api/v1/alert-rules/" + name, R"({"enabled":false})");
  EXPECT_EQ(off.status, 200) << off.text;
  EXPECT_EQ(off["enabled"], "false");
  EXPECT_EQ(off["rule"], name);
  EXPECT_EQ(call("PUT", "/api/v1/alert-rules/" + name, R"({"warn":"high"})").status, 422);
  EXPECT_EQ(call("PUT", "/api/v1/alert-rules/unknown", R"({"enabled":false})").status, 404);
  EXPECT_EQ(call("PUT", "/api/v1/alert-rules/" + name, "{").status, 400);
  act_with({"read:docs"});
  EXPECT_EQ(get("/alert-rules").status, 200);
  EXPECT_EQ(call("PUT", "/api/v1/alert-rules/" + name, "{}").status, 403);
}

TEST_F(ApiAdminTest, AlertsAreSeenByWhoMayReadTheirIndexAndAcknowledged) {
  create("docs");
  create("other");
  const std::string id = raise_alert("docs");
  ASSERT_FALSE(id.empty());
  EXPECT_NE(get("/alerts").text.find(id), std::string::npos);
  act_with({"read:docs"});
  EXPECT_NE(get("/alerts").text.find(id), std::string::npos);
  for (const std::vector<std::string>& others :
       {std::vector<std::string>{"read:other", "events:*"},
        {"events:alert.*"},
        {"events:job.*", "read:docs"},
        {"events:metrics.system"}}) {
    act_with(others);
    EXPECT_EQ(get("/alerts").text, R"({"alerts":[]})") << others.front();
  }
  act_with({"events:alert." + id + ".*", "read:docs"});
  EXPECT_NE(get("/alerts").text.find(id), std::string::npos);
  act_with({"events:alert.*"});
  EXPECT_EQ(post("/alerts/" + id + "/ack").status, 403);

  act_with({});
  const auto acknowledged = post("/alerts/" + id + "/ack");
  EXPECT_EQ(acknowledged.status, 200) << acknowledged.text;
  EXPECT_EQ(acknowledged["alertId"], id);
  EXPECT_FALSE(acknowledged["acknowledged_at"].empty());
  EXPECT_EQ(post("/alerts/none/ack").status, 404);

  EXPECT_EQ(call("DELETE", "/api/v1/indices/docs").status, 204);
  EXPECT_EQ(get("/alerts").text, R"({"alerts":[]})");
  flush(*stack_.committer);
  const auto types = types_of(stack_.recorder.of());
  EXPECT_EQ(types[types.size() - 2], "alert.resolved");
  EXPECT_EQ(types.back(), "index.deleted");
}

TEST_F(ApiAdminTest, AlertsThatNameNoIndexAreSeenByWhoIsToldOfThem) {
  metrics::Gauges gauges;
  gauges.process.memory_limit_bytes = 100;
  gauges.process.resident_bytes = 99;
  for (int i = 0; i < 10; ++i) {
    alerts_.evaluate(gauges);
    flush(*stack_.committer);
    stack_.clock.advance(std::chrono::seconds(1));
  }
  for (const char* scope : {"events:alert.*", "events:*", "events:alert.error", "admin"}) {
    act_with({scope});
    EXPECT_NE(get("/alerts").text.find("\"memory\""), std::string::npos) << scope;
  }
  for (const char* scope :
       {"events:job.*", "events:metrics.system", "read:*", "read:docs", "events:alert.other.*"}) {
    act_with({scope});
    EXPECT_EQ(get("/alerts").text, R"({"alerts":[]})") << scope;
  }
}

}  // namespace
}  // namespace mlgraph::testing
