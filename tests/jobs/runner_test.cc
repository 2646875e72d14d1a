// Jobs from job.started to their end: works are held and released by the test, and the log tells
// what clients saw.
#include "jobs/runner.h"

#include <gmock/gmock.h>

#include "jobs/progress.h"
#include "jobs/runner_fixture.h"

namespace mlgraph::jobs {
namespace {

using base::ErrorCode;
using base::Result;
using model::EventKind;
using model::JobState;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::code_of;
using ::testing::ElementsAre;
using testing::Gate;
using testing::RunnerTest;

TEST_F(RunnerTest, AShortJobSaysOneBeforeItCompletes) {
  const auto job = runner_->start(spec("short"), nothing());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->state, JobState::kRunning);
  EXPECT_EQ(job->progress, std::nullopt);
  const auto ended = wait_end("short");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, JobState::kCompleted);
  ASSERT_THAT(types("short"), ElementsAre("job.started", "job.progress", "job.completed"));
  const auto jobs = history("short");
  EXPECT_EQ(jobs[1].progress, 1.0);
  EXPECT_EQ(jobs[1].state, JobState::kRunning);
  EXPECT_EQ(jobs[2].progress, 1.0);
  EXPECT_EQ(jobs[2].eta_seconds, 0.0);
  EXPECT_TRUE(jobs[2].finished_at);
  const auto entries = recorder_.of("short");
  EXPECT_EQ(entries[2]->seq, entries[1]->seq + 1);  // one commit
  EXPECT_EQ(entries[0]->index, "a");
}

// By finished_at clients know which ended job is forgotten next, so it must follow the log.
TEST_F(RunnerTest, FinishedAtIsTheTimeOfTheEventWhateverTheWallClockDoes) {
  base::Timestamp before;
  for (const bool fails : {false, true, false}) {
    const auto id = fmt::format("job{}-{}", before.ms, fails);
    const auto job = runner_->begin(spec(id));
    ASSERT_TRUE(job);
    clock_.set_wall({clock_.wall_now().ms - 3'600'000});
    ASSERT_TRUE(runner_->finish(
        *job, fails ? Result<void>(base::fail(ErrorCode::kBadRequest, "no rows")) : Result<void>{}
    ));
    const auto entry = recorder_.of(id).back();
    const auto finished_at = testing::job_in(*entry).finished_at;
    EXPECT_EQ(finished_at, entry->timestamp);
    EXPECT_GE(finished_at, before);
    before = entry->timestamp;
  }
}

TEST_F(RunnerTest, StartedSaysZeroWhenTheWorkIsKnown) {
  auto with_total = spec("known");
  with_total.total = 10;
  ASSERT_TRUE(runner_->begin(with_total));
  EXPECT_EQ(history("known")[0].progress, 0.0);
}

TEST_F(RunnerTest, ProgressEventsNeverFallAndNeverPassFourASecond) {
  auto known = spec("long");
  known.total = 1'000;
  const auto job = runner_->begin(known);
  ASSERT_TRUE(job);
  for (int i = 0; i < 500; ++i) {
    clock_.advance(milliseconds(10));
    (*job)->add_processed(2);
    testing::flush(*committer_);  // its timestamp is this instant's
  }
  ASSERT_TRUE(runner_->finish(*job, {}));
  std::vector<std::int64_t> at;
  double highest = 0;
  for (const auto& entry : recorder_.of("long")) {
    if (entry->kind != EventKind::kJobProgress) continue;
    at.push_back(entry->timestamp.ms);
    const auto now = testing::job_in(*entry);
    EXPECT_GE(now.progress.value_or(0), highest);
    highest = now.progress.value_or(0);
  }
  EXPECT_EQ(highest, 1.0);
  EXPECT_GE(at.size(), 10u);
  for (std::size_t i = 4; i < at.size(); ++i) EXPECT_GE(at[i] - at[i - 4], 1'000);
}

TEST_F(RunnerTest, AChangeThatTheThrottleHeldBackIsNotForgotten) {
  const auto job = runner_->begin(spec("quiet"));
  ASSERT_TRUE(job);
  (*job)->set_phase("reading");
  clock_.advance(seconds(1));
  ASSERT_TRUE(recorder_.wait_for("quiet", EventKind::kJobProgress));
  EXPECT_EQ(history("quiet")[1].phase, "reading");
}

TEST_F(RunnerTest, ErrorsReachTheEventUnderTheirWireNames) {
  const std::vector<std::pair<ErrorCode, std::string>> names = {
      {ErrorCode::kCancelled, "cancelled"},
      {ErrorCode::kInterrupted, "interrupted"},
      {ErrorCode::kBadRequest, "bad_request"},
      {ErrorCode::kBadJson, "bad_request"},
      {ErrorCode::kInvalidVector, "invalid_vector"},
      {ErrorCode::kInvalidValue, "invalid_value"},
      {ErrorCode::kNotFound, "not_found"},
      {ErrorCode::kTimeout, "timeout"},
      {ErrorCode::kTooLarge, "too_large"},
      {ErrorCode::kNoSpace, "no_space"},
      {ErrorCode::kReadonly, "readonly"},
      {ErrorCode::kCorrupt, "corrupt"},
      {ErrorCode::kInternal, "internal"}};
  for (const auto& [code, name] : names) {
    const auto job = runner_->begin(spec());
    ASSERT_TRUE(job);
    const auto ended = runner_->finish(*job, base::fail(code, "row 7 says {}", 9));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, JobState::kFailed);
    EXPECT_EQ(ended->error_code, name);
    EXPECT_EQ(ended->error_message, "row 7 says 9");
    EXPECT_THAT(types(ended->job_id), ElementsAre("job.started", "job.failed"));
    EXPECT_EQ(history(ended->job_id).back(), *ended);
  }
}

TEST_F(RunnerTest, MadeIdsNameTheTypeAndGivenOnesAreKept) {
  const auto made = runner_->begin(spec());
  ASSERT_TRUE(made);
  EXPECT_THAT((*made)->id(), ::testing::MatchesRegex("import-[0-9a-z]{10}"));
  const auto given = runner_->begin(spec("import-abc123"));
  ASSERT_TRUE(given);
  EXPECT_EQ((*given)->id(), "import-abc123");
}

TEST_F(RunnerTest, IdsThatCannotNameAChannelAreRefused) {
  for (const std::string id : {"a.b", "progress", "queued", "_x", "x y", "caf\xc3\xa9"})
    EXPECT_EQ(code_of(runner_->begin(spec(id))), ErrorCode::kInvalidValue) << id;
  EXPECT_EQ(code_of(runner_->begin(spec(std::string(65, 'x')))), ErrorCode::kInvalidValue);
}

TEST_F(RunnerTest, AnIdIsUsedOnce) {
  const auto job = runner_->begin(spec("x"));
  ASSERT_TRUE(job);
  EXPECT_EQ(code_of(runner_->begin(spec("x"))), ErrorCode::kConflict);
  ASSERT_TRUE(runner_->finish(*job, {}));
  EXPECT_EQ(code_of(runner_->start(spec("x", "b"), nothing())), ErrorCode::kConflict);
}

TEST_F(RunnerTest, OfManyWhoTakeOneIdAtOnceOneGetsIt) {
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const auto job = runner_->begin(spec("wanted"));
      taken += job ? 1 : 0;
      EXPECT_TRUE(job || job.error().code == ErrorCode::kConflict);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 1);
}

TEST_F(RunnerTest, RefusedJobsTakeNoSlot) {
  open({.threads = 1, .queue_max = 1, .imports_max = 1});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(code_of(runner_->begin(spec("", "nowhere"))), ErrorCode::kNotFound);
    EXPECT_EQ(code_of(runner_->start(spec("", "nowhere"), nothing())), ErrorCode::kNotFound);
  }
  EXPECT_TRUE(runner_->begin(spec()));
  const auto job = runner_->start(spec(), nothing());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->state, JobState::kRunning);
  EXPECT_TRUE(wait_end(job->job_id));
}

TEST_F(RunnerTest, MoreDrivenJobsThanAllowedAreRefused) {
  open({.threads = 1, .queue_max = 4, .imports_max = 2});
  const auto first = runner_->begin(spec());
  ASSERT_TRUE(first);
  ASSERT_TRUE(runner_->begin(spec()));
  EXPECT_EQ(code_of(runner_->begin(spec())), ErrorCode::kOverloaded);
  ASSERT_TRUE(runner_->finish(*first, {}));
  EXPECT_TRUE(runner_->begin(spec()));
}

TEST_F(RunnerTest, AQueuedJobSaysSoAndSaysWhenItBegins) {
  Gate gate;
  ASSERT_TRUE(runner_->start(spec("first"), gate.work()));
  const auto second = runner_->start(spec("second"), nothing());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->state, JobState::kQueued);
  EXPECT_EQ(runner_->find("second")->state, JobState::kQueued);
  gate.open();
  ASSERT_TRUE(wait_end("second"));
  const auto jobs = history("second");
  EXPECT_THAT(
      types("second"), ElementsAre("job.started", "job.progress", "job.progress", "job.completed")
  );
  EXPECT_EQ(jobs[0].state, JobState::kQueued);
  EXPECT_EQ(jobs[1].state, JobState::kRunning);
  EXPECT_EQ(jobs[1].progress, std::nullopt);
  EXPECT_EQ(jobs[2].progress, 1.0);
}

TEST_F(RunnerTest, NoLaneHoldsUpTheOther) {
  open({.threads = 1, .import_threads = 2, .queue_max = 1, .imports_max = 1});
  const auto in = [](Lane lane, const std::string& id) {
    auto one = spec(id);
    one.lane = lane;
    return one;
  };
  Gate training;
  ASSERT_TRUE(runner_->start(in(Lane::kTrainings, "t1"), training.work()));
  EXPECT_EQ(runner_->start(in(Lane::kTrainings, "t2"), nothing())->state, JobState::kQueued);
  EXPECT_EQ(code_of(runner_->start(in(Lane::kTrainings, "t3"), nothing())), ErrorCode::kOverloaded);
  Gate large;
  EXPECT_EQ(runner_->start(in(Lane::kFileImports, "i1"), large.work())->state, JobState::kRunning);
  const auto small = runner_->start(in(Lane::kFileImports, "i2"), nothing());
  ASSERT_TRUE(small);
  EXPECT_EQ(small->state, JobState::kRunning) << "a large import holds up no small one either";
  EXPECT_EQ(wait_end("i2")->state, JobState::kCompleted);

  Gate second;
  ASSERT_TRUE(runner_->start(in(Lane::kFileImports, "i3"), second.work()));
  EXPECT_EQ(runner_->start(in(Lane::kFileImports, "i4"), nothing())->state, JobState::kQueued);
  EXPECT_EQ(
      code_of(runner_->start(in(Lane::kFileImports, "i5"), nothing())), ErrorCode::kOverloaded
  );
  training.open();
  EXPECT_EQ(wait_end("t2")->state, JobState::kCompleted) << "imports hold up no training";
  large.open();
  second.open();
  EXPECT_EQ(wait_end("i4")->state, JobState::kCompleted);
}

TEST_F(RunnerTest, WhoHearsOfAnEndFindsThePlaceFree) {
  open({.threads = 1, .queue_max = 0, .imports_max = 1});
  std::promise<base::Result<model::Job>> next;
  Gate gate;
  ASSERT_TRUE(runner_->start(spec("first"), gate.work()));
  runner_->on_end("first", [&](const auto&) {
    next.set_value(runner_->start(spec("second"), nothing()));
  });
  gate.open();
  const auto second = next.get_future().get();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->state, JobState::kRunning);
  ASSERT_TRUE(wait_end("second"));

  const auto driven = runner_->begin(spec("driven"));
  ASSERT_TRUE(driven);
  std::promise<bool> begun;
  runner_->on_end("driven", [&](const auto&) {
    begun.set_value(runner_->begin(spec("next")).has_value());
  });
  ASSERT_TRUE(runner_->finish(*driven, {}));
  EXPECT_TRUE(begun.get_future().get());
}

TEST_F(RunnerTest, QueuedJobsBeginInOrderAndAreBounded) {
  open({.threads = 1, .queue_max = 3, .imports_max = 1});
  Gate gate;
  ASSERT_TRUE(runner_->start(spec("j0"), gate.work()));
  for (const char* id : {"j1", "j2", "j3"}) ASSERT_TRUE(runner_->start(spec(id), nothing()));
  EXPECT_EQ(code_of(runner_->start(spec("j4"), nothing())), ErrorCode::kOverloaded);
  gate.open();
  for (const char* id : {"j1", "j2", "j3"}) ASSERT_TRUE(wait_end(id));
  std::vector<std::string> ended;
  for (const auto& entry : recorder_.of())
    if (entry->kind == EventKind::kJobCompleted) ended.push_back(entry->entity);
  EXPECT_THAT(ended, ElementsAre("j0", "j1", "j2", "j3"));
}

TEST_F(RunnerTest, CancellingAQueuedJobEndsItAtOnceAndItsWorkNeverRuns) {
  Gate first;
  Gate second;
  ASSERT_TRUE(runner_->start(spec("first"), first.work()));
  ASSERT_TRUE(runner_->start(spec("second"), second.work()));
  const auto cancelled = runner_->cancel("second");
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->state, JobState::kFailed);
  EXPECT_EQ(cancelled->error_code, "cancelled");
  EXPECT_THAT(types("second"), ElementsAre("job.started", "job.failed"));
  first.open();
  ASSERT_TRUE(wait_end("first"));
  ASSERT_TRUE(runner_->start(spec("third"), nothing()));
  ASSERT_TRUE(wait_end("third"));  // the thread has passed the second by
  EXPECT_EQ(second.begun(), 0);
  EXPECT_THAT(types("second"), ElementsAre("job.started", "job.failed"));
}

TEST_F(RunnerTest, CancellingARunningJobEndsItAsCancelled) {
  Gate gate;
  ASSERT_TRUE(runner_->start(spec("x"), gate.work()));
  gate.wait_begun();
  ASSERT_TRUE(runner_->cancel("x"));
  const auto ended = wait_end("x");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error_code, "cancelled");
  EXPECT_EQ(ended->rate, 0);
  EXPECT_EQ(ended->eta_seconds, std::nullopt);
  EXPECT_THAT(types("x"), ElementsAre("job.started", "job.failed"));
  EXPECT_EQ(code_of(runner_->cancel("x")), ErrorCode::kConflict);
  EXPECT_EQ(code_of(runner_->cancel("unheard-of")), ErrorCode::kNotFound);
}

// Whoever hears job.started may cancel in that instant, before start() has returned.
TEST_F(RunnerTest, AJobCanBeCancelledAsSoonAsItsStartIsHeard) {
  for (int i = 0; i < 50; ++i) {
    const std::string id = fmt::format("x{}", i);
    Gate gate;
    std::thread listener([&] {
      EXPECT_TRUE(recorder_.wait_for(id, EventKind::kJobStarted));
      EXPECT_TRUE(runner_->cancel(id));
    });
    EXPECT_TRUE(runner_->start(spec(id), gate.work()));
    listener.join();
    const auto ended = wait_end(id);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->error_code, "cancelled");
  }
}

TEST_F(RunnerTest, WhoHearsTheEndFindsTheJobEnded) {
  std::atomic<int> ends{0};
  committer_->add_sink([&](std::span<const std::shared_ptr<const model::Entry>> entries) {
    for (const auto& entry : entries) {
      if (entry->kind != EventKind::kJobCompleted) continue;
      ++ends;
      EXPECT_EQ(runner_->find(entry->entity)->state, JobState::kCompleted);
      EXPECT_EQ(runner_->list("a", JobState::kRunning).size(), 0u);
    }
  });
  ASSERT_TRUE(runner_->start(spec("x"), nothing()));
  ASSERT_TRUE(wait_end("x"));
  EXPECT_EQ(ends, 1);
}

TEST_F(RunnerTest, ListIsNewestFirstAndFilters) {
  const auto first = runner_->begin(spec("first"));
  ASSERT_TRUE(first);
  clock_.advance(seconds(1));
  ASSERT_TRUE(runner_->begin(spec("second", "b")));
  clock_.advance(seconds(1));
  ASSERT_TRUE(runner_->begin(spec("third")));
  ASSERT_TRUE(runner_->finish(*first, {}));
  const auto ids = [](const std::vector<model::Job>& jobs) {
    std::vector<std::string> all;
    for (const auto& job : jobs) all.push_back(job.job_id);
    return all;
  };
  EXPECT_THAT(ids(runner_->list("", std::nullopt)), ElementsAre("third", "second", "first"));
  EXPECT_THAT(ids(runner_->list("a", std::nullopt)), ElementsAre("third", "first"));
  EXPECT_THAT(ids(runner_->list("a", JobState::kCompleted)), ElementsAre("first"));
  EXPECT_THAT(ids(runner_->list("b", JobState::kRunning)), ElementsAre("second"));
}

TEST_F(RunnerTest, OnEndAnswersForRunningEndedAndUnknownJobs) {
  const auto job = runner_->begin(spec("x"));
  ASSERT_TRUE(job);
  std::optional<JobState> heard;
  runner_->on_end("x", [&](const Result<model::Job>& ended) { heard = ended->state; });
  EXPECT_EQ(heard, std::nullopt);
  ASSERT_TRUE(runner_->finish(*job, {}));
  EXPECT_EQ(heard, JobState::kCompleted);
  EXPECT_EQ(wait_end("x")->state, JobState::kCompleted);
  EXPECT_EQ(code_of(wait_end("unheard-of")), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace mlgraph::jobs
