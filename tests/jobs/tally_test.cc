// What an import left behind is what its tally says, if it is this import's.
#include "jobs/tally.h"

#include <gtest/gtest.h>

#include "jobs/runner_fixture.h"
#include "store/temp_dir.h"

namespace mlgraph::jobs {
namespace {

using base::ErrorCode;
using model::JobState;

class TallyTest : public testing::RunnerTest {
 protected:
  TallyTest() : vectors_(store::VectorStore::open(folder_.path()).value()) { reopen(); }
  ~TallyTest() override { close(); }

  void reopen() { open({.tallies = vectors_.get()}); }
  void write(const std::vector<store::Note>& notes) {
    const auto batch = vectors_->make_batch();
    for (const auto& note : notes) batch->put(note);
    ASSERT_TRUE(vectors_->write(*batch, false));
  }
  /// What an import writes that has come so far at once.
  void count(const std::shared_ptr<JobHandle>& job, const Tally& tally) {
    write(notes_of(job->id(), job->snapshot().started_at, {}, tally));
  }
  std::shared_ptr<JobHandle> begin(const std::string& id) {
    return runner_->begin(spec(id)).value();
  }
  /// The job's object after a crash and a new start.
  model::Job left_of(const std::string& id) {
    reopen();
    EXPECT_TRUE(runner_->recover());
    return history(id).back();
  }
  [[nodiscard]] std::size_t notes() const { return vectors_->notes().value().size(); }

  testing::TempDir folder_;
  std::unique_ptr<store::VectorStore> vectors_;
};

const std::vector<model::RowError> kRowErrors = {{3, "row 3: \"quoted\""}, {9, "row 9: \u00e9"}};

TEST_F(TallyTest, IsWhatARestartTellsOfACutImport) {
  auto known = spec("cut");
  known.total = 1'000;
  count(runner_->begin(known).value(), {600, 2, kRowErrors});
  const auto left = left_of("cut");
  EXPECT_EQ(left.state, JobState::kFailed);
  EXPECT_EQ(left.error_code, "interrupted");
  EXPECT_EQ(left.processed, 600U);
  EXPECT_EQ(left.failed, 2U);
  EXPECT_EQ(left.errors, kRowErrors);
  EXPECT_EQ(left.progress, 0.6);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(TallyTest, WritesItsErrorsOnlyWhenThereAreNewOnes) {
  const base::Timestamp at{5};
  EXPECT_EQ(notes_of("j", at, {}, {10, 0, {}}).size(), 1U);
  EXPECT_EQ(notes_of("j", at, {10, 0, {}}, {20, 2, kRowErrors}).size(), 2U);
  EXPECT_EQ(notes_of("j", at, {20, 2, kRowErrors}, {30, 2, kRowErrors}).size(), 1U);
  const auto job = begin("cut");
  count(job, {20, 2, kRowErrors});
  write(notes_of("cut", job->snapshot().started_at, {20, 2, kRowErrors}, {30, 2, kRowErrors}));
  const auto left = left_of("cut");
  EXPECT_EQ(left.processed, 30U);
  EXPECT_EQ(left.errors, kRowErrors);
}

// A power cut takes rows that were not synced, also when the log has heard of them.
TEST_F(TallyTest, CountsForMoreThanTheLastReport) {
  const auto job = begin("cut");
  job->set_total(1'000);
  job->set_tally({500, 5, {{0, "a"}, {1, "b"}, {2, "c"}}});
  clock_.advance(std::chrono::seconds(1));
  job->set_tally({501, 5, {{0, "a"}, {1, "b"}, {2, "c"}}});
  EXPECT_EQ(history("cut").back().processed, 501U);
  count(job, {300, 1, {{0, "a"}}});
  const auto left = left_of("cut");
  EXPECT_EQ(left.processed, 300U);
  EXPECT_EQ(left.failed, 1U);
  EXPECT_EQ(left.errors.size(), 1U);
  EXPECT_EQ(left.progress, history("cut")[1].progress) << "which never falls";
}

TEST_F(TallyTest, OfWhichThereIsNoneMeansThatNothingIsLeft) {
  const auto job = begin("cut");
  job->add_processed(500);
  clock_.advance(std::chrono::seconds(1));
  job->add_processed(1);
  EXPECT_EQ(left_of("cut").processed, 0U);
}

TEST_F(TallyTest, OfAnEarlierJobOfTheIdIsNotBelieved) {
  const auto job = begin("again");
  write(notes_of("again", {job->snapshot().started_at.ms - 1}, {}, {600, 2, kRowErrors}));
  write({{"again2", "no JSON"}, {"again", "[]"}});
  EXPECT_EQ(left_of("again").processed, 0U);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(TallyTest, IsNotAskedForOtherKindsOfJobs) {
  auto training = spec("training");
  training.job_type = "train";
  const auto job = runner_->begin(training).value();
  job->add_processed(500);
  clock_.advance(std::chrono::seconds(1));
  job->add_processed(1);
  EXPECT_EQ(left_of("training").processed, 501U);
}

TEST_F(TallyTest, GoesWithTheEndOfItsJob) {
  for (const bool fails : {false, true}) {
    const auto id = fails ? "fails" : "completes";
    const auto job = begin(id);
    count(job, {1, 1, {kRowErrors[0]}});
    EXPECT_EQ(notes(), 2U);
    ASSERT_TRUE(runner_->finish(
        job,
        fails ? base::Result<void>(base::fail(ErrorCode::kBadRequest, "x")) : base::Result<void>{}
    ));
    EXPECT_EQ(notes(), 0U);
  }
}

// While the log takes no end, a restart may still have to tell it.
TEST_F(TallyTest, StaysUntilTheEndIsLogged) {
  const auto job = begin("unlogged");
  count(job, {7, 0, {}});
  log_.fail_appends(1'000);
  EXPECT_FALSE(runner_->finish(job, {}));
  EXPECT_EQ(notes(), 1U);
  close();
  log_.fail_appends(0);
  EXPECT_EQ(left_of("unlogged").processed, 7U);
}

}  // namespace
}  // namespace mlgraph::jobs
