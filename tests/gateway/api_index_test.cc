// Indices over REST: made, shown, changed and deleted, each with its event.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class ApiIndexTest : public ApiTest {};

TEST_F(ApiIndexTest, CreateAnswersTheObjectAndItsPlace) {
  const auto made = post(
      "/indices",
      R"({"index_id":"docs","dimension":3,"metric_type":"COSINE","num_shards":2,"colour":"blue"})"
  );
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("Location"), "/api/v1/indices/docs");
  EXPECT_EQ(made["index_id"], "docs");
  EXPECT_EQ(made["dimension"], "3");
  EXPECT_EQ(made["metric_type"], "COSINE");
  EXPECT_EQ(made["vectors"], "0");
  EXPECT_EQ(made.json.find("shards")->as_array()->size(), 2U);
  EXPECT_EQ(get("/indices/docs").text, made.text);
  EXPECT_EQ(types_of(stack_.recorder.of("docs")), (std::vector<std::string>{"index.created"}));

  const auto again = post("/indices", R"({"index_id":"docs","dimension":3})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again["error"], "conflict");
}

TEST_F(ApiIndexTest, SpecsThatCannotBeAreRefusedByMember) {
  struct Case {
    const char* body;
    int status;
    const char* error;
    const char* member;
  };
  const Case cases[] = {
      {"{", 400, "bad_request", ""},
      {"[]", 400, "bad_request", ""},
      {"{}", 422, "invalid_value", "index_id"},
      {R"({"index_id":"x"})", 422, "invalid_value", "dimension"},
      {R"({"index_id":7,"dimension":2})", 422, "invalid_value", "index_id"},
      {R"({"index_id":"../x","dimension":2})", 422, "invalid_value", "index_id"},
      {R"({"index_id":"_x","dimension":2})", 422, "invalid_value", "index_id"},
      {R"({"index_id":"progress","dimension":2})", 422, "invalid_value", "index_id"},
      {R"({"index_id":"x","dimension":0})", 422, "invalid_value", "dimension"},
      {R"({"index_id":"x","dimension":65536})", 422, "invalid_value", "dimension"},
      {R"({"index_id":"x","dimension":2147483648})", 422, "invalid_value", "dimension"},
      {R"({"index_id":"x","dimension":"2"})", 422, "invalid_value", "dimension"},
      {R"({"index_id":"x","dimension":2,"num_shards":0})", 422, "invalid_value", "num_shards"},
      {R"({"index_id":"x","dimension":2,"num_shards":1000000})",
       422,
       "invalid_value",
       "num_shards"},
      {R"({"index_id":"x","dimension":2,"metric_type":"dot"})",
       422,
       "invalid_value",
       "metric_type"},
      {R"({"index_id":"x","dimension":2,"tiering":7})", 422, "invalid_value", "tiering"}};
  for (const auto& one : cases) {
    const auto answer = post("/indices", one.body);
    EXPECT_EQ(answer.status, one.status) << one.body;
    EXPECT_EQ(answer["error"], one.error) << one.body;
    EXPECT_EQ(answer["member"], one.member) << one.body;
    EXPECT_FALSE(answer["message"].empty());
  }
  EXPECT_EQ(get("/indices")["total_count"], "0");
  EXPECT_TRUE(stack_.recorder.of().empty());
}

TEST_F(ApiIndexTest, ListsShowWhatTheTokenMayRead) {
  for (const char* id : {"docs", "docs-2", "other"}) create(id);
  EXPECT_EQ(get("/indices")["total_count"], "3");
  act_with({"search:docs*"});
  const auto seen = get("/indices");
  EXPECT_EQ(seen["total_count"], "2");
  EXPECT_EQ(seen.text.find("other"), std::string::npos);
  EXPECT_EQ(get("/indices/other").status, 403);
  act_with({"write:other"});
  EXPECT_EQ(post("/indices", R"({"index_id":"mine","dimension":2})").status, 403);
  EXPECT_EQ(get("/indices")["total_count"], "1");
  act_with({"write:mi*"});
  EXPECT_EQ(post("/indices", R"({"index_id":"mine","dimension":2})").status, 201);
}

TEST_F(ApiIndexTest, PatchMergesAndTellsOnlyOfChanges) {
  create("docs");
  const auto patch = [&](const std::string& body) {
    return call("PATCH", "/api/v1/indices/docs", body);
  };
  const auto changed = patch(R"({"tiering":{"idmap_to_ivf":500},"nprobe":7})");
  EXPECT_EQ(changed.status, 200) << changed.text;
  const auto* tiering = changed.json.find("tiering");
  ASSERT_TRUE(tiering);
  EXPECT_EQ(tiering->find("idmap_to_ivf")->as_int(), 500);
  EXPECT_EQ(tiering->find("merge")->as_int(), 10'000'000);
  EXPECT_EQ(patch(R"({"tiering":{"idmap_to_ivf":500}})").status, 200);
  EXPECT_EQ(patch("{}").status, 200);
  for (const std::string member :
       {"idmap_to_ivf", "ivf_to_ondisk", "merge", "compaction_percent"}) {
    const auto refused = patch("{\"tiering\":{\"" + member + "\":0}}");
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused["member"], "tiering." + member);
    EXPECT_NE(refused["message"].find("tiering." + member + " is 0"), std::string::npos);
  }
  EXPECT_EQ(patch(R"({"dimension":5})").status, 422);
  flush(*stack_.committer);
  EXPECT_EQ(
      types_of(stack_.recorder.of("docs")),
      (std::vector<std::string>{"index.created", "index.updated"})
  );
  EXPECT_EQ(call("PATCH", "/api/v1/indices/none", "{}").status, 404);
}

TEST_F(ApiIndexTest, DeleteEndsJobsFirstAndIsTheLastThatIsHeard) {
  create("docs");
  put("docs", R"({"id":"a","values":[1,2]})");
  const auto job = begin_job("import-a", "docs");
  auto ending = std::async(std::launch::async, [&] {
    while (!job->cancelled()) std::this_thread::yield();
    static_cast<void>(stack_.runner->finish(job, base::fail(base::ErrorCode::kCancelled, "stopped"))
    );
  });
  const auto deleted = call("DELETE", "/api/v1/indices/docs");
  ending.get();
  EXPECT_EQ(deleted.status, 204);
  EXPECT_TRUE(deleted.text.empty());
  flush(*stack_.committer);
  const auto types = types_of(stack_.recorder.of());
  ASSERT_GE(types.size(), 2U);
  EXPECT_EQ(types[types.size() - 2], "job.failed");
  EXPECT_EQ(types.back(), "index.deleted");
  for (const char* path : {"/indices/docs", "/indices/docs/vectors", "/indices/docs/vectors/a"})
    EXPECT_EQ(get(path).status, 404) << path;
  EXPECT_EQ(call("DELETE", "/api/v1/indices/docs").status, 404);

  create("docs");
  EXPECT_EQ(get("/indices/docs/vectors/a").status, 404) << "a new index of the name is empty";
}

TEST_F(ApiIndexTest, ADeletionThatTheDiskRefusesLeavesTheIndexUsable) {
  create("docs");
  stack_.log.fail_appends(1);
  const auto refused = call("DELETE", "/api/v1/indices/docs");
  EXPECT_EQ(refused.status, 507);
  EXPECT_EQ(refused["error"], "no_space");
  put("docs", R"({"id":"a","values":[1,2]})");
  const auto job = begin_job("import-later", "docs");
  EXPECT_TRUE(stack_.runner->finish(job, {}));
}

}  // namespace
}  // namespace mlgraph::testing
