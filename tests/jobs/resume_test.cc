// Jobs that a restart does not end: queued again with what they had done, begun when there is
// room, told of without a second job.started.
#include <gmock/gmock.h>

#include "jobs/runner_fixture.h"
#include "store/temp_dir.h"

namespace mlgraph::jobs {
namespace {

using base::ErrorCode;
using base::Result;
using model::JobState;
using ::testing::ElementsAre;
using testing::Gate;

class ResumeTest : public testing::RunnerTest {
 protected:
  ResumeTest() : vectors_(store::VectorStore::open(folder_.path()).value()) { reopen(); }
  ~ResumeTest() override { close(); }

  void reopen() { open({.import_threads = 1, .tallies = vectors_.get()}); }
  JobSpec lasting(const std::string& id) {
    auto made = spec(id);
    made.private_json = R"({"of":")" + id + R"("})";
    made.lane = Lane::kFileImports;
    made.goes_on = true;
    return made;
  }
  void count(const std::string& id, const Tally& tally) {
    const auto batch = vectors_->make_batch();
    for (const auto& note : notes_of(id, history(id)[0].started_at, {}, tally)) batch->put(note);
    ASSERT_TRUE(vectors_->write(*batch, false));
  }
  /// A new process; the rest of every job that is asked for is `work`.
  void restart(Work work) {
    reopen();
    asked_.clear();
    ASSERT_TRUE(runner_->recover(
        [&](const model::Job& left, std::string_view private_json) -> std::optional<Rest> {
          asked_.push_back(left);
          EXPECT_EQ(private_json, R"({"of":")" + left.job_id + R"("})");
          if (!work) return std::nullopt;
          return Rest{work, Lane::kFileImports};
        }
    ));
  }
  [[nodiscard]] std::size_t notes() const { return vectors_->notes().value().size(); }

  testing::TempDir folder_;
  std::unique_ptr<store::VectorStore> vectors_;
  std::vector<model::Job> asked_;
};

const std::vector<model::RowError> kErrors = {{3, "row 3: bad"}};

TEST_F(ResumeTest, AStopLeavesItAndTheNextStartGoesOn) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("one"), gate.work()));
  gate.wait_begun();
  count("one", {600, 1, kErrors});
  restart([](JobHandle& job) -> Result<void> {
    EXPECT_EQ(job.snapshot().processed, 600U);
    EXPECT_EQ(job.snapshot().state, JobState::kRunning);
    job.set_tally({1'000, 1, kErrors});
    return {};
  });
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].failed, 1U);
  EXPECT_EQ(asked_[0].errors, kErrors);
  EXPECT_EQ(runner_->find("one")->state, JobState::kQueued) << "until rows can be written";
  EXPECT_EQ(notes(), 2U) << "if this start is cut as well";
  runner_->go_on();
  const auto ended = wait_end("one").value();
  EXPECT_EQ(ended.state, JobState::kCompleted);
  EXPECT_EQ(ended.processed, 1'000U);
  EXPECT_EQ(ended.failed, 1U);
  EXPECT_EQ(notes(), 0U);
  EXPECT_THAT(
      types("one"),
      ElementsAre("job.started", "job.progress", "job.progress", "job.progress", "job.completed")
  );
  const auto told = history("one");
  EXPECT_EQ(told[1].state, JobState::kQueued);
  EXPECT_EQ(told[1].processed, 600U);
  EXPECT_EQ(told[2].state, JobState::kRunning);
  EXPECT_EQ(told[4].started_at, told[0].started_at);
}

TEST_F(ResumeTest, WhoWaitsAtAStopIsAnsweredWithTheRunningJob) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("one"), gate.work()));
  gate.wait_begun();
  std::promise<Result<model::Job>> answer;
  runner_->on_end("one", [&](Result<model::Job> job) { answer.set_value(std::move(job)); });
  runner_->stop();
  EXPECT_EQ(answer.get_future().get().value().state, JobState::kRunning);
  EXPECT_THAT(types("one"), ElementsAre("job.started"));
}

TEST_F(ResumeTest, ProgressDoesNotFallOverARestart) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("one"), [&](JobHandle& job) {
    job.set_total(1'000);
    job.set_tally({800, 0, {}});
    return gate.work()(job);
  }));
  gate.wait_begun();
  clock_.advance(std::chrono::seconds(1));
  runner_->stop();
  count("one", {500, 0, {}});  // a power cut took rows that had been told of
  restart([](JobHandle& job) -> Result<void> {
    job.set_total(1'000);
    job.set_tally({1'000, 0, {}});
    return {};
  });
  runner_->go_on();
  ASSERT_TRUE(wait_end("one"));
  double progress = 0;
  for (const auto& job : history("one")) {
    EXPECT_GE(job.progress.value_or(0), progress);
    progress = job.progress.value_or(0);
  }
}

TEST_F(ResumeTest, WhatWasQueuedAnewIsNotToldTwice) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("first"), gate.work()));
  gate.wait_begun();
  ASSERT_EQ(runner_->start(lasting("second"), nothing())->state, JobState::kQueued);
  restart(gate.work());
  EXPECT_THAT(types("second"), ElementsAre("job.started")) << "queued before and after";
  runner_->go_on();
  gate.open();
  EXPECT_EQ(wait_end("first")->state, JobState::kCompleted);
  EXPECT_EQ(wait_end("second")->state, JobState::kCompleted);
}

TEST_F(ResumeTest, ItCanBeCancelledBeforeAndAfterItGoesOn) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("before"), gate.work()));
  ASSERT_TRUE(runner_->start(lasting("after"), gate.work()));
  gate.wait_begun();
  Gate rest;
  restart(rest.work());
  ASSERT_TRUE(runner_->cancel("before"));
  EXPECT_EQ(wait_end("before")->error_code, "cancelled");
  runner_->go_on();
  rest.wait_begun();
  ASSERT_TRUE(runner_->cancel("after"));
  EXPECT_EQ(wait_end("after")->error_code, "cancelled");
  restart(rest.work());
  EXPECT_TRUE(asked_.empty()) << "an end is the end";
}

TEST_F(ResumeTest, ACancelledOneIsNotLeftToTheNextStart) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("one"), gate.work()));
  gate.wait_begun();
  ASSERT_TRUE(runner_->cancel("one"));
  runner_->stop();
  EXPECT_EQ(history("one").back().error_code, "cancelled");
}

TEST_F(ResumeTest, WhatCannotGoOnEndsInterrupted) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("gone"), gate.work()));
  ASSERT_TRUE(runner_->begin(spec("body")));  // nobody remembers what it was
  gate.wait_begun();
  count("gone", {7, 0, {}});
  restart(nullptr);
  EXPECT_EQ(asked_.size(), 1U);
  for (const auto& id : {"gone", "body"}) {
    EXPECT_EQ(history(id).back().state, JobState::kFailed);
    EXPECT_EQ(history(id).back().error_code, "interrupted");
  }
  EXPECT_EQ(history("gone").back().processed, 7U);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(ResumeTest, ItGoesOnThroughSeveralRestarts) {
  Gate gate;
  ASSERT_TRUE(runner_->start(lasting("one"), gate.work()));
  gate.wait_begun();
  for (std::uint64_t done = 1; done <= 3; ++done) {
    count("one", {done, 0, {}});
    Gate rest;
    restart(rest.work());
    ASSERT_EQ(asked_.size(), 1U);
    EXPECT_EQ(asked_[0].processed, done);
    runner_->go_on();
    rest.wait_begun();
  }
}

}  // namespace
}  // namespace mlgraph::jobs
