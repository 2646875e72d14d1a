#pragma once
// A runner over a log in memory, driven by verbs.
#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "jobs/runner.h"
#include "store/drafts.h"
#include "support/event_recorder.h"
#include "support/manual_clock.h"
#include "support/memory_log.h"

namespace mlgraph::testing {

/// A work that waits until the test lets it go, and ends early when its job is cancelled. It may
/// still be looking when the test is over.
class Gate {
 public:
  [[nodiscard]] jobs::Work work() {
    return [state = state_](jobs::JobHandle& job) -> base::Result<void> {
      ++state->begun;
      while (!state->open && !job.cancelled()) std::this_thread::yield();
      if (job.cancelled()) return base::fail(base::ErrorCode::kCancelled, "asked to");
      return {};
    };
  }
  void open() { state_->open = true; }
  [[nodiscard]] int begun() const { return state_->begun; }
  void wait_begun() const {
    while (state_->begun == 0) std::this_thread::yield();
  }

 private:
  struct State {
    std::atomic<bool> open{false};
    std::atomic<int> begun{0};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Indices "a" and "b" exist. restart() is what a new process finds.
class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { open({}); }
  ~RunnerTest() override { close(); }

  void open(jobs::Runner::Options options) {
    close();
    committer_ = std::make_unique<store::Committer>(log_, clock_, store::Committer::Options{});
    recorder_.listen_to(*committer_);
    runner_ = std::make_unique<jobs::Runner>(*committer_, clock_, options);
    for (const std::string name : {"a", "b"})
      if (!committer_->state()->index(name)) log(created(name));
  }
  void close() {
    if (runner_) runner_->stop();
    committer_.reset();  // before the runner: its sinks point there
    runner_.reset();
  }
  void log(model::Draft draft) {
    ASSERT_TRUE(committer_->commit([&](store::Decision& decision) -> base::Result<void> {
      decision.log(draft);
      return {};
    }));
  }
  void delete_index(const std::string& name) {
    log(index_event(model::EventKind::kIndexDeleted, an_index(name)));
  }
  static jobs::JobSpec spec(const std::string& id = {}, const std::string& index = "a") {
    jobs::JobSpec spec;
    spec.job_type = "import";
    spec.index = index;
    spec.job_id = id;
    return spec;
  }
  static jobs::Work nothing() {
    return [](jobs::JobHandle&) { return base::Result<void>{}; };
  }
  [[nodiscard]] base::Result<model::Job> wait_end(const std::string& id) {
    auto promise = std::make_shared<std::promise<base::Result<model::Job>>>();
    auto answer = promise->get_future();
    runner_->on_end(id, [promise](base::Result<model::Job> job) { promise->set_value(job); });
    return answer.get();
  }
  /// What was logged about a job, after everything submitted so far.
  [[nodiscard]] std::vector<model::Job> history(const std::string& id) {
    flush(*committer_);
    std::vector<model::Job> jobs;
    for (const auto& entry : recorder_.of(id)) jobs.push_back(job_in(*entry));
    return jobs;
  }
  [[nodiscard]] std::vector<std::string> types(const std::string& id) {
    flush(*committer_);
    return types_of(recorder_.of(id));
  }

  ManualClock clock_;
  MemoryLog log_;
  EventRecorder recorder_;
  std::unique_ptr<store::Committer> committer_;
  std::unique_ptr<jobs::Runner> runner_;
};

}  // namespace mlgraph::testing
