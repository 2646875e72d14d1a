// Imports over REST: the body streams into a job; what cannot become one is refused before it.
#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

const std::string kJsonl = "application/x-ndjson";
const std::string kRows = "{\"id\":\"a\",\"values\":[1,2]}\n{\"id\":\"b\",\"values\":[3,4]}\n";

class ApiImportTest : public ApiTest {
 protected:
  ApiImportTest() : ApiTest({.threads = 1, .queue_max = 4, .imports_max = 2}) { create("docs"); }
  Answer import(const std::string& body, const std::string& type, const std::string& query = "") {
    return call("POST", "/api/v1/indices/docs/import" + query, body, type);
  }
  void folder_has(const std::string& name, const std::string& text) {
    std::ofstream(services_.import_dir + "/" + name) << text;
  }
  std::size_t jobs_of_docs() { return stack_.runner->list("docs", std::nullopt).size(); }
};

TEST_F(ApiImportTest, AWholeBodyIsAnsweredWithItsJob) {
  for (const std::size_t piece : {1UL, 9UL, 1UL << 20}) {
    piece_ = piece;
    const auto answer = import(kRows, kJsonl);
    EXPECT_EQ(answer.status, 202) << answer.text;
    EXPECT_EQ(answer["state"], "completed");
    EXPECT_EQ(answer["jobType"], "import");
    EXPECT_EQ(answer["index"], "docs");
    EXPECT_EQ(answer["processed"], "2");
    EXPECT_EQ(answer["progress"], "1");
    EXPECT_EQ(answer.header("Location"), "/api/v1/jobs/" + answer["jobId"]);
    EXPECT_EQ(get("/jobs/" + answer["jobId"]).text, answer.text);
    EXPECT_EQ(count("docs"), 2U);
  }
}

TEST_F(ApiImportTest, EveryTypeIsRead) {
  EXPECT_EQ(import("id,x,y\nc,1,2\n", "text/csv")["processed"], "1");
  EXPECT_EQ(
      import(fvecs({{1, 2}, {3, 4}}), "application/x-fvecs", "?id_prefix=f%2F")["processed"], "2"
  );
  EXPECT_EQ(
      import(
          npy(npy_dictionary("(1, 2)"), raw(std::vector<float>{7, 8})),
          "application/x-npy",
          "?id_prefix=n-"
      )["total"],
      "1"
  );
  EXPECT_EQ(get("/indices/docs/vectors/f%2F1")["values"], "[3,4]");
  EXPECT_EQ(get("/indices/docs/vectors/n-0")["values"], "[7,8]");
  EXPECT_EQ(count("docs"), 4U);
}

TEST_F(ApiImportTest, ABrokenBodyIsAFailedJobAndItsRowsStay) {
  cut_bodies_ = true;
  const auto cut = import(kRows, kJsonl, "?jobId=mine");
  EXPECT_EQ(cut.status, 400);
  EXPECT_EQ(cut["jobId"], "mine");
  EXPECT_EQ(cut["state"], "failed");
  EXPECT_EQ(cut.json.find("error")->find("code")->as_string()->find("bad_request"), 0U);
  EXPECT_EQ(cut["processed"], "2");
  EXPECT_EQ(count("docs"), 2U);
  flush(*stack_.committer);
  EXPECT_EQ(types_of(stack_.recorder.of("mine")).back(), "job.failed");

  cut_bodies_ = false;
  const auto narrow = import(npy(npy_dictionary("(0, 3)"), ""), "application/x-npy");
  EXPECT_EQ(narrow.status, 400);
  EXPECT_EQ(*narrow.json.find("error")->find("code")->as_string(), "invalid_vector");
}

TEST_F(ApiImportTest, BadRowsAreCountedInAnImportThatCompletes) {
  const auto answer = import(kRows + "{\"id\":\"c\",\"values\":[1]}\n", kJsonl);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer["failed"], "1");
  EXPECT_EQ(answer.json.find("errors")->as_array()->size(), 1U);
}

TEST_F(ApiImportTest, WhatCannotBecomeAJobIsRefusedBeforeIt) {
  const auto type = import(kRows, "application/x-parquet");
  EXPECT_EQ(type.status, 400);
  EXPECT_NE(type["message"].find("application/x-npy"), std::string::npos);
  EXPECT_EQ(import(kRows, "").status, 400);
  EXPECT_EQ(call("POST", "/api/v1/indices/none/import", kRows, kJsonl).status, 404);
  EXPECT_EQ(import(kRows, kJsonl, "?jobId=..").status, 422);
  EXPECT_EQ(import(kRows, kJsonl, "?id_prefix=%ff")["member"], "id_prefix");
  EXPECT_EQ(jobs_of_docs(), 0U);

  EXPECT_EQ(import(kRows, kJsonl, "?jobId=once").status, 202);
  EXPECT_EQ(import(kRows, kJsonl, "?jobId=once").status, 409);
  act_with({"write:other", "read:*"});
  EXPECT_EQ(import(kRows, kJsonl).status, 403);
}

TEST_F(ApiImportTest, MoreImportsThanAllowedAreRefused) {
  const auto one = begin_job("one", "docs");
  const auto two = begin_job("two", "docs");
  const auto refused = import(kRows, kJsonl);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused["error"], "overloaded");
  EXPECT_FALSE(refused.header("Retry-After").empty());
  EXPECT_TRUE(stack_.runner->finish(one, {}));
  EXPECT_EQ(import(kRows, kJsonl).status, 202);
  EXPECT_TRUE(stack_.runner->finish(two, {}));

  ingest_->stop();
  EXPECT_EQ(import(kRows, kJsonl).status, 503);
}

TEST_F(ApiImportTest, AFileOfTheImportFolderIsReadInTheBackground) {
  folder_has("rows.jsonl", kRows);
  const auto answer = import(R"({"source":"rows.jsonl"})", "application/json", "?jobId=from-file");
  EXPECT_EQ(answer.status, 202) << answer.text;
  EXPECT_EQ(answer["jobId"], "from-file");
  EXPECT_EQ(answer.header("Location"), "/api/v1/jobs/from-file");
  const auto job = stack_.wait_end("from-file");
  EXPECT_EQ(job.state, model::JobState::kCompleted);
  EXPECT_EQ(job.processed, 2U);
  EXPECT_EQ(count("docs"), 2U);

  folder_has("broken.npy", "\x93NUMPY\x01");
  const auto broken = import(R"({"source":"broken.npy"})", "application/json");
  EXPECT_EQ(broken.status, 202);
  EXPECT_EQ(stack_.wait_end(broken["jobId"]).error_code, "bad_request");
}

TEST_F(ApiImportTest, AFileIsReadWhileAnIndexTrains) {
  folder_has("rows.jsonl", kRows);
  std::promise<void> release;
  auto held = release.get_future().share();
  const auto training =
      stack_.runner->start({"train", "docs", {}, {}, "starting", {}}, [held](jobs::JobHandle&) {
        held.wait();
        return base::Result<void>{};
      });
  ASSERT_TRUE(training);
  const auto answer = import(R"({"source":"rows.jsonl"})", "application/json");
  EXPECT_EQ(answer["state"], "running") << answer.text;
  EXPECT_EQ(stack_.wait_end(answer["jobId"]).state, model::JobState::kCompleted);
  EXPECT_EQ(post("/indices/docs/train")["state"], "queued") << "behind the other training";
  release.set_value();
}

TEST_F(ApiImportTest, OtherSourcesAreRefused) {
  folder_has("rows.txt", kRows);
  folder_has("rows.jsonl", kRows);
  struct Case {
    std::string body;
    int status;
  };
  const Case cases[] = {
      {"", 400},
      {"{\"source\":", 400},
      {"{}", 422},
      {"[]", 422},
      {R"({"source":7})", 422},
      {R"({"source":""})", 422},
      {R"({"source":"rows.txt"})", 422},
      {R"({"source":"missing.npy"})", 404},
      {R"({"source":"../rows.jsonl"})", 422},
      {R"({"source":"/etc/passwd.csv"})", 422},
      {R"({"source":"rows.jsonl\u0000.npy"})", 422},
      {"{\"source\":\"" + std::string(70'000, 'x') + ".csv\"}", 413}};
  for (const auto& one : cases) {
    const auto answer = import(one.body, "application/json");
    EXPECT_EQ(answer.status, one.status) << one.body.substr(0, 60) << answer.text;
    EXPECT_FALSE(answer["error"].empty());
  }
  EXPECT_EQ(call("POST", "/api/v1/indices/none/import", R"({"source":"rows.jsonl"})").status, 404);
  EXPECT_EQ(import(R"({"source":"rows.jsonl"})", "application/json", "?id_prefix=%ff").status, 422);
  EXPECT_EQ(jobs_of_docs(), 0U);
}

TEST_F(ApiImportTest, TrainingByHandIsAJob) {
  EXPECT_EQ(post("/indices/docs/train").status, 409);
  EXPECT_EQ(post("/indices/none/train").status, 404);
  std::string rows;
  for (int i = 0; i < 200; ++i)
    rows += fmt::format("{{\"id\":{},\"values\":[{},{}]}}\n", i, i % 17, i);
  EXPECT_EQ(import(rows, kJsonl)["processed"], "200");
  const auto answer = post("/indices/docs/train");
  EXPECT_EQ(answer.status, 202) << answer.text;
  EXPECT_EQ(answer["jobType"], "train");
  EXPECT_EQ(answer.header("Location"), "/api/v1/jobs/" + answer["jobId"]);
  EXPECT_EQ(stack_.wait_end(answer["jobId"]).state, model::JobState::kCompleted);
  EXPECT_NE(get("/indices/docs").text.find("\"tier\":\"ivf\""), std::string::npos);
}

}  // namespace
}  // namespace mlgraph::testing
