// Exports over REST: begun as a job, fetched as a file.
#include <iterator>

#include "gateway/api_fixture.h"

namespace mlgraph::testing {
namespace {

class ApiExportTest : public ApiTest {
 protected:
  ApiExportTest() {
    create("docs");
    put("docs", R"({"id":"a","values":[1,2],"metadata":{"k":1}},{"id":"b","values":[3,4]})");
  }
  model::Job ended(const Answer& begun) {
    EXPECT_EQ(begun.status, 202) << begun.text;
    EXPECT_EQ(begun.header("Location"), "/api/v1/jobs/" + begun["jobId"]);
    return stack_.wait_end(begun["jobId"]);
  }
};

TEST_F(ApiExportTest, AFileIsMadeAndFetched) {
  const auto job = ended(post("/indices/docs/export?jobId=mine", R"({"format":"jsonl"})"));
  EXPECT_EQ(job.job_id, "mine");
  EXPECT_EQ(job.state, model::JobState::kCompleted);
  const auto result = get("/jobs/mine/result");
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.content_type, "application/x-ndjson");
  EXPECT_EQ(result.header("Content-Disposition"), "attachment; filename=\"mine.jsonl\"");
  std::ifstream in(result.file_path);
  EXPECT_EQ(
      std::string(std::istreambuf_iterator<char>(in), {}),
      "{\"id\":\"a\",\"values\":[1,2],\"metadata\":{\"k\":1}}\n{\"id\":\"b\",\"values\":[3,4]}\n"
  );
}

TEST_F(ApiExportTest, WhatMakesNoSenseIsRefused) {
  EXPECT_EQ(post("/indices/none/export", R"({"format":"npy"})").status, 404);
  EXPECT_EQ(post("/indices/docs/export")["member"], "format");
  EXPECT_EQ(post("/indices/docs/export", R"({"format":"npy","compression":7})").status, 422);
  EXPECT_EQ(post("/indices/docs/export", R"({"format":"npy","filter":[]})").status, 422);
  EXPECT_EQ(post("/indices/docs/export", "{").status, 400);
}

TEST_F(ApiExportTest, ThereIsNoFileBeforeTheEndOrWithoutOne) {
  EXPECT_EQ(get("/jobs/none/result").status, 404);
  const auto running = begin_job("running", "docs");
  EXPECT_EQ(get("/jobs/running/result").status, 409);
  EXPECT_TRUE(stack_.runner->finish(running, {}));
  EXPECT_EQ(get("/jobs/running/result").status, 404) << "an import makes none";
  ended(post("/indices/docs/export?jobId=old", R"({"format":"npy"})"));
  stack_.clock.advance(work::ResultFiles::kKeptFor + std::chrono::hours(1));
  results_.sweep();
  EXPECT_EQ(get("/jobs/old/result").status, 404);
}

TEST_F(ApiExportTest, ScopesOfTheIndexDecide) {
  act_with({"read:docs"});
  EXPECT_EQ(post("/indices/docs/export", R"({"format":"npy"})").status, 403);
  act_with({"write:docs"});
  ended(post("/indices/docs/export?jobId=mine", R"({"format":"npy"})"));
  EXPECT_EQ(get("/jobs/mine/result").status, 200) << "write implies read";
  act_with({"read:docs"});
  EXPECT_EQ(get("/jobs/mine/result").status, 200);
  act_with({"read:other", "events:*"});
  EXPECT_EQ(get("/jobs/mine/result").status, 403);
}

}  // namespace
}  // namespace mlgraph::testing
