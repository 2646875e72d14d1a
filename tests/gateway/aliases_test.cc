// Aliases: what may be one, all or nothing, who sees them, and that an index's routes take them.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class AliasTest : public ApiTest {
 protected:
  AliasTest() {
    create("docs-v1");
    create("docs-v2");
  }
  Answer put_alias(const std::string& body) { return call("PUT", "/api/v1/aliases", body); }
  Answer set(const std::string& alias, const std::string& index) {
    return put_alias("{\"alias\":\"" + alias + "\",\"index\":\"" + index + "\"}");
  }
  std::string all() { return get("/aliases").text; }
};

TEST_F(AliasTest, AnAliasIsSetSwitchedAndRemoved) {
  const auto made = set("docs", "docs-v1");
  EXPECT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.text, R"({"aliases":[{"alias":"docs","index":"docs-v1"}]})");
  EXPECT_EQ(get("/indices/docs")["index_id"], "docs-v1");
  EXPECT_EQ(set("docs", "docs-v2").status, 200);
  EXPECT_EQ(get("/indices/docs")["index_id"], "docs-v2");
  EXPECT_EQ(call("DELETE", "/api/v1/aliases/docs").status, 204);
  EXPECT_EQ(get("/indices/docs").status, 404);
  EXPECT_EQ(call("DELETE", "/api/v1/aliases/docs").status, 404);
}

TEST_F(AliasTest, WhatCannotBeIsRefusedByMember) {
  set("docs", "docs-v1");
  struct Case {
    const char* body;
    int status;
    const char* member;
  };
  const Case cases[] = {
      {"{}", 422, "alias"},
      {R"({"alias":"x"})", 422, "index"},
      {R"({"alias":"x","index":7})", 422, "index"},
      {R"({"alias":"a.b","index":"docs-v1"})", 422, "alias"},
      {R"({"alias":"_x","index":"docs-v1"})", 422, "alias"},
      {R"({"alias":"progress","index":"docs-v1"})", 422, "alias"},
      {R"({"alias":"docs-v2","index":"docs-v1"})", 409, "alias"},
      {R"({"alias":"x","index":"nobody"})", 404, "index"},
      {R"({"alias":"x","index":"docs"})", 404, "index"},
      {R"({"aliases":[]})", 422, "aliases"},
      {R"({"aliases":7})", 422, "aliases"},
      {R"({"alias":"x","index":"docs-v1","aliases":[]})", 400, ""},
      {R"({"aliases":[{"alias":"x","index":"docs-v1"},{"alias":"x","index":null}]})",
       422,
       "aliases[1].alias"},
      {R"({"aliases":[{"alias":"x","index":"docs-v1"},{"alias":"y","index":"nobody"}]})",
       404,
       "aliases[1].index"}};
  for (const auto& one : cases) {
    const auto answer = put_alias(one.body);
    EXPECT_EQ(answer.status, one.status) << one.body << answer.text;
    EXPECT_EQ(answer["member"], one.member) << one.body;
  }
  EXPECT_EQ(all(), R"({"aliases":[{"alias":"docs","index":"docs-v1"}]})");
}

TEST_F(AliasTest, ABatchIsAppliedWhole) {
  set("old", "docs-v1");
  const auto done =
      put_alias(R"({"aliases":[{"alias":"a","index":"docs-v1"},{"alias":"b","index":"docs-v2"},)"
                R"({"alias":"old","index":null},{"alias":"never-was","index":null}]})");
  EXPECT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(
      all(), R"({"aliases":[{"alias":"a","index":"docs-v1"},{"alias":"b","index":"docs-v2"}]})"
  );
}

TEST_F(AliasTest, ThereAreAtMostAThousand) {
  std::string body;
  for (std::size_t i = 0; i < gateway::Aliases::kMax; ++i)
    body += (i ? "," : "") + std::string(R"({"alias":"a)") + std::to_string(i) +
            R"(","index":"docs-v1"})";
  EXPECT_EQ(put_alias("{\"aliases\":[" + body + "]}").status, 200);
  EXPECT_EQ(set("more", "docs-v1").status, 422);
  EXPECT_EQ(set("a7", "docs-v2").status, 200);
  EXPECT_EQ(
      put_alias(R"({"aliases":[{"alias":"more","index":"docs-v1"},{"alias":"a0","index":null}]})")
          .status,
      200
  );
}

TEST_F(AliasTest, AnIndexAndAnAliasNeverShareAName) {
  set("docs", "docs-v1");
  const auto refused = post("/indices", R"({"index_id":"docs","dimension":2})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused["message"].find("alias"), std::string::npos);
  // While an index is being made or deleted, the alias waits for neither: it is refused.
  const auto making = aliases_.claim_to_make("new").value();
  EXPECT_EQ(set("new", "docs-v1").status, 409);
  {
    const auto deleting = aliases_.claim_to_delete("docs-v2").value();
    EXPECT_EQ(set("x", "docs-v2").status, 409);
  }
  EXPECT_EQ(set("x", "docs-v2").status, 200);
}

TEST_F(AliasTest, AnIndexWithAliasesIsNotDeleted) {
  set("docs", "docs-v1");
  set("main", "docs-v1");
  const auto refused = call("DELETE", "/api/v1/indices/docs-v1");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused["message"].find("'docs', 'main'"), std::string::npos) << refused.text;
  EXPECT_EQ(call("DELETE", "/api/v1/indices/docs").status, 409);
  EXPECT_EQ(get("/indices/docs-v1").status, 200);
  put_alias(R"({"aliases":[{"alias":"docs","index":null},{"alias":"main","index":"docs-v2"}]})");
  EXPECT_EQ(call("DELETE", "/api/v1/indices/docs-v1").status, 204);
}

TEST_F(AliasTest, RightsAreThoseOfTheIndex) {
  set("docs", "docs-v1");
  set("other", "docs-v2");
  put("docs", R"({"id":"a","values":[1,2]})");
  EXPECT_EQ(count("docs-v1"), 1U);
  act_with({"search:docs-v1"});
  EXPECT_EQ(post("/indices/docs/search", R"({"vector":[1,2]})").status, 200);
  EXPECT_EQ(get("/indices/docs/vectors/a")["id"], "a");
  EXPECT_EQ(post("/indices/docs/vectors", R"({"vectors":[]})").status, 403);
  EXPECT_EQ(all(), R"({"aliases":[{"alias":"docs","index":"docs-v1"}]})");
  // Neither a grant on the alias's name helps, nor is the index's name given away.
  act_with({"read:other"});
  const auto refused = get("/indices/other");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.text.find("docs-v2"), std::string::npos) << refused.text;
  EXPECT_EQ(all(), R"({"aliases":[]})");
  EXPECT_EQ(set("mine", "docs-v2").status, 403);
  EXPECT_EQ(call("DELETE", "/api/v1/aliases/other").status, 403);
}

TEST_F(AliasTest, WhatWasAnsweredIsKept) {
  set("docs", "docs-v1");
  gateway::Aliases later(stack_.log, [](const std::string&) { return true; });
  ASSERT_TRUE(later.load());
  EXPECT_EQ(later.index_of("docs"), "docs-v1");
  EXPECT_EQ(later.index_of("docs-v1"), std::nullopt);
  // Two that share the store do not overwrite each other's change.
  set("docs", "docs-v2");
  const gateway::AliasChange change{"mine", "docs-v1"};
  EXPECT_EQ(later.change({&change, 1}, false).error().code, base::ErrorCode::kConflict);
  const auto stored = stack_.log.config_get("aliases").value();
  ASSERT_TRUE(stack_.log.config_put("aliases", "[1", stored.revision));
  EXPECT_EQ(later.load().error().code, base::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace mlgraph::testing
