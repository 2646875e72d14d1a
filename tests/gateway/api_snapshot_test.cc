// Snapshots and restores over REST: what a file holds comes back under any name; what is damaged
// leaves neither an index nor a running job.
#include "gateway/api_fixture.h"
#include "work/restore_job.h"
#include "work/snapshot_files.h"

namespace mlgraph::testing {
namespace {

constexpr const char* kType = "application/vnd.mlgraph.snapshot";

class ApiSnapshotTest : public ApiTest {
 protected:
  ApiSnapshotTest() {
    MLG_CHECK(results_.open([](const std::string&) { return true; }));
  }
  /// The finished snapshot's bytes.
  std::string snapshot(const std::string& index) {
    const auto begun = post("/indices/" + index + "/snapshot");
    EXPECT_EQ(begun.status, 202) << begun.text;
    EXPECT_EQ(begun["jobType"], "snapshot");
    EXPECT_EQ(begun.header("Location"), "/api/v1/jobs/" + begun["jobId"]);
    const auto job = stack_.wait_end(begun["jobId"]);
    EXPECT_EQ(job.state, model::JobState::kCompleted) << job.error_message;
    const auto found = results_.find(begun["jobId"]);
    MLG_CHECK(found.has_value());
    EXPECT_EQ(found->content_type, kType);
    std::ifstream in(found->path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Answer restore(const std::string& bytes, const std::string& query = "") {
    return call("POST", "/api/v1/restore" + query, bytes, kType);
  }
  std::string code_of(const Answer& answer) {
    const auto* error = answer.json.find("error");
    return error && error->find("code") ? *error->find("code")->as_string() : "";
  }
};

TEST_F(ApiSnapshotTest, WhatWasSnapshotComesBackUnderAnotherName) {
  create("docs", R"(,"num_shards":3,"metric_type":"COSINE","nprobe":7,"tiering":{"merge":12345})");
  put("docs", R"({"id":"a","values":[1,2],"metadata":{"n":1}},{"id":"b","values":[3,4]})");
  put("docs", R"({"id":"c","values":[5,6]},{"id":"a","values":[7,8]})");
  post("/indices/docs/vectors/delete", R"({"ids":["b"]})");
  const auto file = snapshot("docs");
  for (const std::size_t piece : {1UL, 100UL, 1UL << 20}) {
    piece_ = piece;
    const std::string name = "copy" + std::to_string(piece);
    const auto done = restore(file, "?index=" + name + "&jobId=r" + std::to_string(piece));
    ASSERT_EQ(done.status, 202) << done.text;
    EXPECT_EQ(done["jobType"], "restore");
    EXPECT_EQ(done["state"], "completed");
    EXPECT_EQ(done["index"], name);
    EXPECT_EQ(done["processed"], "2");
    EXPECT_EQ(done["total"], "2");
    const auto index = get("/indices/" + name);
    EXPECT_EQ(index["num_shards"], "3");
    EXPECT_EQ(index["metric_type"], "COSINE");
    EXPECT_EQ(index["nprobe"], "7");
    EXPECT_EQ(index.json.find("tiering")->find("merge")->as_uint(), 12345U);
    EXPECT_EQ(get("/indices/" + name + "/vectors").text, get("/indices/docs/vectors").text);
  }
  EXPECT_EQ(count("copy1"), 2U);
  // The index and its job began together.
  flush(*stack_.committer);
  const auto told = stack_.recorder.of("copy1");
  EXPECT_EQ(told.front()->kind, model::EventKind::kIndexCreated);
  EXPECT_EQ(stack_.recorder.of("r1").front()->seq, told.front()->seq + 1);
}

TEST_F(ApiSnapshotTest, TheNameIsTheFilesUnlessGiven) {
  create("docs");
  put("docs", R"({"id":"a","values":[1,2]})");
  const auto file = snapshot("docs");
  EXPECT_EQ(restore(file).status, 409);
  EXPECT_EQ(restore(file, "?index=a.b").status, 422);
  call("PUT", "/api/v1/aliases", R"({"alias":"taken","index":"docs"})");
  EXPECT_EQ(restore(file, "?index=taken").status, 409);
  call("DELETE", "/api/v1/aliases/taken");
  EXPECT_EQ(call("DELETE", "/api/v1/indices/docs").status, 204);
  EXPECT_EQ(restore(file)["index"], "docs");
  EXPECT_EQ(count("docs"), 1U);
}

TEST_F(ApiSnapshotTest, OnlyAnAdminRestoresAndWhoMayWriteSnapshots) {
  create("docs");
  act_with({"write:docs"});
  EXPECT_EQ(post("/indices/docs/snapshot").status, 202);
  EXPECT_EQ(restore("").status, 403);
  act_with({"read:docs"});
  EXPECT_EQ(post("/indices/docs/snapshot").status, 403);
  act_with({});
  EXPECT_EQ(post("/indices/nobody/snapshot").status, 404);
}

TEST_F(ApiSnapshotTest, ADamagedFileLeavesNoIndex) {
  const auto rows = some_rows(5'000, 2, 1);
  const auto file = snapshot_of(rows, a_head(2, "docs"));
  const auto expect_gone = [&](const Answer& answer, const std::string& place) {
    EXPECT_EQ(answer.status, 400) << answer.text;
    EXPECT_EQ(answer["state"], "failed");
    EXPECT_EQ(code_of(answer), "corrupt");
    EXPECT_NE(answer.text.find(place), std::string::npos) << answer.text;
    EXPECT_EQ(get("/indices")["total_count"], "0");
  };
  expect_gone(restore(file.substr(0, file.size() - 1)), "cut at byte");
  auto flipped = file;
  flipped[file.size() / 2] ^= 1;
  const auto broken = restore(flipped, "?jobId=mine");
  expect_gone(broken, "block ");
  expect_gone(restore(file + "x"), "something follows");
  auto headless = file;
  headless[30] ^= 1;
  const auto nameless = restore(headless);
  expect_gone(nameless, "the header is damaged");
  EXPECT_EQ(nameless["index"], "null");
  expect_gone(restore(""), "cut at byte 0");
  // The index was made, and gone again behind the end of its job.
  flush(*stack_.committer);
  const auto told = stack_.recorder.of("docs");
  ASSERT_EQ(types_of(told).back(), "index.deleted");
  const auto end = stack_.recorder.of("mine").back();
  EXPECT_EQ(end->kind, model::EventKind::kJobFailed);
  EXPECT_EQ(restore(file).status, 202) << "whole, it is taken";
  EXPECT_EQ(count("docs"), rows.size());
}

TEST_F(ApiSnapshotTest, ABodyThatBreaksOffLeavesNoIndex) {
  const auto file = snapshot_of(some_rows(5'000, 2, 1), a_head(2, "docs"));
  cut_bodies_ = true;
  const auto cut = restore(file.substr(0, file.size() / 2));
  EXPECT_EQ(cut.status, 400);
  EXPECT_EQ(code_of(cut), "bad_request");
  EXPECT_EQ(get("/indices")["total_count"], "0");
}

TEST_F(ApiSnapshotTest, RowsThatNoIndexTakesAreRefused) {
  std::vector<ReadRow> rows = {{"a", {1, 2}, ""}, {"", {3, 4}, ""}};
  const auto refused = restore(snapshot_of(rows, a_head(2, "docs")));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(code_of(refused), "invalid_value");
  auto head = a_head(2, "docs");
  head.index.shards.clear();
  EXPECT_EQ(restore(snapshot_of({}, head)).status, 422);
  EXPECT_EQ(get("/indices")["total_count"], "0");
}

TEST_F(ApiSnapshotTest, AFileOfTheImportFolderIsABackgroundJob) {
  const auto file = snapshot_of(some_rows(50, 2, 1), a_head(2, "docs"));
  std::ofstream(services_.import_dir + "/docs.mlgsnap", std::ios::binary) << file;
  std::ofstream(services_.import_dir + "/broken.mlgsnap", std::ios::binary)
      << file.substr(0, file.size() - 3);
  const auto begun = post("/restore?index=one", R"({"source":"docs.mlgsnap"})");
  ASSERT_EQ(begun.status, 202) << begun.text;
  EXPECT_EQ(stack_.wait_end(begun["jobId"]).state, model::JobState::kCompleted);
  EXPECT_EQ(count("one"), 50U);
  const auto broken = post("/restore?index=two", R"({"source":"broken.mlgsnap"})");
  ASSERT_EQ(broken.status, 202) << broken.text;
  const auto ended = stack_.wait_end(broken["jobId"]);
  EXPECT_EQ(ended.error_code, "corrupt");
  stack_.runner->stop();  // behind the job's end its thread deletes the index
  EXPECT_EQ(get("/indices/two").status, 404);
  EXPECT_EQ(post("/restore", R"({"source":"../x"})").status, 422);
}

TEST_F(ApiSnapshotTest, ACancelledSnapshotLeavesNoFile) {
  create("docs");
  for (int n = 0; n < 4; ++n)
    put("docs", "{\"id\":\"v" + std::to_string(n) + R"(","values":[1,2]})");
  // Its lane is busy, so it is still queued when it is asked to stop.
  std::promise<void> release;
  jobs::JobSpec busy;
  busy.job_type = "export";
  busy.index = "docs";
  busy.lane = jobs::Lane::kExports;
  ASSERT_TRUE(stack_.runner->start(
      busy,
      [done = release.get_future().share()](jobs::JobHandle&) -> base::Result<void> {
        done.wait();
        return {};
      }
  ));
  const auto begun = post("/indices/docs/snapshot?jobId=late");
  EXPECT_EQ(begun["state"], "queued");
  EXPECT_EQ(post("/jobs/late/cancel").status, 202);
  release.set_value();
  EXPECT_EQ(stack_.wait_end("late").error_code, "cancelled");
  EXPECT_FALSE(results_.find("late"));
}

TEST(RestoreJob, WhatAFailedRestoreLeftIsKnownByItsBeginning) {
  model::Index index;
  index.index_id = "docs";
  index.created_at = {1'000};
  model::Job job;
  job.job_type = "restore";
  job.index = "docs";
  job.started_at = {1'000};
  job.state = model::JobState::kFailed;
  EXPECT_TRUE(work::is_half_made(index, job));
  job.state = model::JobState::kCompleted;
  EXPECT_FALSE(work::is_half_made(index, job));
  job.state = model::JobState::kFailed;
  index.created_at = {1'001};
  EXPECT_FALSE(work::is_half_made(index, job)) << "made anew under its name";
  index.created_at = {1'000};
  job.job_type = "import";
  EXPECT_FALSE(work::is_half_made(index, job));
}

}  // namespace
}  // namespace mlgraph::testing
