#pragma once
// Log, vectors, engine and runner in a fresh folder: what jobs need, without a server.
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "index/engine.h"
#include "jobs/runner.h"
#include "metrics/server_metrics.h"
#include "store/temp_dir.h"
#include "store/vector_store.h"
#include "support/event_recorder.h"
#include "support/manual_clock.h"
#include "support/memory_log.h"

namespace mlgraph::testing {

/// Members in start order. stop() before the fixture's own members go.
struct EngineStack {
  explicit EngineStack(jobs::Runner::Options options = {})
      : vectors(store::VectorStore::open(folder.path()).value()),
        committer(std::make_unique<store::Committer>(log, clock, store::Committer::Options{})),
        engine(std::make_unique<index::Engine>(
            *vectors, *committer, metrics, clock, index::Engine::Options{"n1", folder.path(), 2, 0}
        )),
        runner(std::make_unique<jobs::Runner>(*committer, clock, counting(options))) {
    recorder.listen_to(*committer);
  }
  ~EngineStack() { stop(); }
  EngineStack(const EngineStack&) = delete;
  EngineStack& operator=(const EngineStack&) = delete;

  void stop() {
    runner->stop();
    engine->stop();
    committer->stop();
  }
  /// With the store that imports count their rows in.
  [[nodiscard]] jobs::Runner::Options counting(jobs::Runner::Options options) const {
    options.tallies = vectors.get();
    return options;
  }
  model::Index create(const std::string& spec) {
    return engine->create(base::parse_json(spec).value()).value();
  }
  [[nodiscard]] std::uint64_t count(const std::string& index) const {
    return engine->stats(index).value().vectors;
  }
  /// The job's object once it has ended.
  [[nodiscard]] model::Job wait_end(const std::string& id) {
    auto promise = std::make_shared<std::promise<base::Result<model::Job>>>();
    auto answer = promise->get_future();
    runner->on_end(id, [promise](base::Result<model::Job> job) { promise->set_value(job); });
    return answer.get().value();
  }
  /// What was logged of a job, in order.
  [[nodiscard]] std::vector<model::Job> history(const std::string& id) {
    flush(*committer);
    std::vector<model::Job> jobs;
    for (const auto& entry : recorder.of(id)) jobs.push_back(job_in(*entry));
    return jobs;
  }

  TempDir folder;
  ManualClock clock;
  MemoryLog log;
  EventRecorder recorder;
  metrics::ServerMetrics metrics;
  std::unique_ptr<store::VectorStore> vectors;
  std::unique_ptr<store::Committer> committer;
  std::unique_ptr<index::Engine> engine;
  std::unique_ptr<jobs::Runner> runner;
};

}  // namespace mlgraph::testing
