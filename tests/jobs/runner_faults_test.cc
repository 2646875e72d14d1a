// Jobs whose index, server or disk goes away while they run.
#include <gmock/gmock.h>

#include "jobs/runner_fixture.h"

namespace mlgraph::jobs {
namespace {

using base::ErrorCode;
using model::EventKind;
using model::JobState;
using testing::code_of;
using ::testing::ElementsAre;
using testing::Gate;
using testing::RunnerTest;

TEST_F(RunnerTest, CancelIndexEndsItsJobsAndNoOther) {
  Gate gate;
  ASSERT_TRUE(runner_->start(spec("running"), gate.work()));
  ASSERT_TRUE(runner_->start(spec("waiting"), gate.work()));
  const auto other = runner_->begin(spec("other", "b"));
  ASSERT_TRUE(other);
  gate.wait_begun();
  runner_->cancel_index("a");
  EXPECT_EQ(committer_->state()->job("running")->error_code, "cancelled");
  EXPECT_EQ(committer_->state()->job("waiting")->error_code, "cancelled");
  EXPECT_EQ(gate.begun(), 1);
  EXPECT_FALSE((*other)->cancelled());
}

TEST_F(RunnerTest, NoJobStartsOnAnIndexThatIsBeingDeletedButOnTheNextOfItsName) {
  runner_->cancel_index("a");
  EXPECT_EQ(code_of(runner_->begin(spec())), ErrorCode::kConflict);
  EXPECT_EQ(code_of(runner_->start(spec(), nothing())), ErrorCode::kConflict);
  delete_index("a");
  EXPECT_EQ(code_of(runner_->begin(spec())), ErrorCode::kNotFound);
  log(testing::created("a"));
  EXPECT_TRUE(runner_->begin(spec()));
}

TEST_F(RunnerTest, ADeletionThatWasGivenUpLetsJobsStartAgain) {
  runner_->cancel_index("a");
  runner_->reopen_index("a");
  EXPECT_TRUE(runner_->begin(spec()));
}

// Starts and deletions race: an index's last event is always index.deleted.
TEST_F(RunnerTest, NoJobOutlivesItsIndex) {
  for (int round = 0; round < 40; ++round) {
    const std::string name = fmt::format("index{}", round);
    log(testing::created(name));
    Gate gate;
    std::vector<std::thread> starters;
    for (int i = 0; i < 3; ++i)
      starters.emplace_back([&, i] {
        const auto job = runner_->start(spec(fmt::format("j{}-{}", round, i), name), gate.work());
        if (!job) {
          EXPECT_THAT(
              job.error().code, ::testing::AnyOf(ErrorCode::kConflict, ErrorCode::kNotFound)
          );
        }
      });
    runner_->cancel_index(name);
    delete_index(name);
    for (auto& starter : starters) starter.join();
    gate.open();
    testing::flush(*committer_);
    std::shared_ptr<const model::Entry> last;
    for (const auto& entry : recorder_.of())
      if (entry->index == name) last = entry;
    ASSERT_TRUE(last);
    EXPECT_EQ(last->kind, EventKind::kIndexDeleted) << last->public_json;
  }
}

TEST_F(RunnerTest, TheEndIsLoggedThoughTheIndexVanished) {
  const auto job = runner_->begin(spec("x"));
  ASSERT_TRUE(job);
  delete_index("a");
  ASSERT_TRUE(runner_->finish(*job, {}));
  EXPECT_EQ(committer_->state()->job("x")->state, JobState::kCompleted);
}

TEST_F(RunnerTest, JobsThatARestartCutEndInterrupted) {
  committer_.reset();
  runner_.reset();
  committer_ = std::make_unique<store::Committer>(log_, clock_, store::Committer::Options{});
  for (int i = 0; i < 60; ++i) {
    auto job = testing::a_job(fmt::format("j{:02}", i), i % 2 ? "a" : "");
    job.state = i % 3 ? JobState::kRunning : JobState::kQueued;
    job.processed = 450'000;
    job.progress = 0.45;
    job.total = 1'000'000;
    job.rate = 15'000;
    job.eta_seconds = 37;
    log(testing::job_event(EventKind::kJobStarted, job));
  }
  auto done = testing::a_job("done");
  done.state = JobState::kCompleted;
  log(testing::job_event(EventKind::kJobCompleted, done));
  open({});
  ASSERT_TRUE(runner_->recover());
  for (int i = 0; i < 60; ++i) {
    const auto job = committer_->state()->job(fmt::format("j{:02}", i));
    EXPECT_EQ(job->state, JobState::kFailed);
    EXPECT_EQ(job->error_code, "interrupted");
    EXPECT_EQ(job->processed, 450'000u);
    EXPECT_EQ(job->progress, 0.45);
    EXPECT_EQ(job->rate, 0);
    EXPECT_EQ(job->eta_seconds, std::nullopt);
    EXPECT_TRUE(job->finished_at);
  }
  EXPECT_EQ(committer_->state()->job("done")->state, JobState::kCompleted);
  const auto before = recorder_.size();
  ASSERT_TRUE(runner_->recover());
  EXPECT_EQ(recorder_.size(), before);
}

TEST_F(RunnerTest, StopInterruptsWhatRunsAndWhatWaits) {
  Gate gate;
  ASSERT_TRUE(runner_->start(spec("running"), gate.work()));
  ASSERT_TRUE(runner_->start(spec("waiting"), gate.work()));
  const auto driven = runner_->begin(spec("driven"));
  ASSERT_TRUE(driven);
  gate.wait_begun();
  runner_->stop();
  EXPECT_TRUE((*driven)->cancelled());
  ASSERT_TRUE(runner_->finish(*driven, base::fail(ErrorCode::kCancelled, "told to")));
  for (const char* id : {"running", "waiting", "driven"})
    EXPECT_EQ(committer_->state()->job(id)->error_code, "interrupted") << id;
  EXPECT_EQ(gate.begun(), 1);
  EXPECT_EQ(code_of(runner_->start(spec(), nothing())), ErrorCode::kShuttingDown);
  EXPECT_EQ(code_of(runner_->begin(spec())), ErrorCode::kShuttingDown);
}

TEST_F(RunnerTest, AStartThatTheDiskRefusesIsNoJob) {
  log_.fail_appends(1);
  EXPECT_EQ(code_of(runner_->begin(spec("x"))), ErrorCode::kNoSpace);
  EXPECT_EQ(runner_->find("x"), std::nullopt);
  EXPECT_TRUE(runner_->begin(spec("x")));
}

// The end is tried again until the disk takes it: no job stays at its last percent.
TEST_F(RunnerTest, AnEndThatTheDiskRefusedIsLoggedOnceItCan) {
  const auto good = runner_->begin(spec("good"));
  const auto bad = runner_->begin(spec("bad"));
  ASSERT_TRUE(good && bad);
  log_.fail_appends(2);
  EXPECT_EQ(code_of(runner_->finish(*good, {})), ErrorCode::kNoSpace);
  EXPECT_EQ(
      code_of(runner_->finish(*bad, base::fail(ErrorCode::kNoSpace, "no room"))),
      ErrorCode::kNoSpace
  );
  EXPECT_EQ(runner_->find("good")->state, JobState::kRunning);
  ASSERT_TRUE(recorder_.wait_for("good", EventKind::kJobCompleted));
  ASSERT_TRUE(recorder_.wait_for("bad", EventKind::kJobFailed));
  EXPECT_THAT(types("good"), ElementsAre("job.started", "job.progress", "job.completed"));
  EXPECT_EQ(history("bad").back().error_code, "no_space");
}

}  // namespace
}  // namespace mlgraph::jobs
