#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"
#include "index/engine.h"
#include "jobs/runner.h"

namespace mlgraph::work {

/// Trains each of `shards` in turn; phases are the engine's, and what is processed is comparisons
/// of two vectors: an estimate of the whole that the work's own reports are measured by.
[[nodiscard]] base::Result<void> run_training(
    index::Engine& engine,
    jobs::JobHandle& job,
    const std::vector<std::uint32_t>& shards,
    model::Reason reason
);

/// Begins a training job by hand, for all shards with vectors. errors kConflict when there is
/// nothing to train or a training of the index is under way.
[[nodiscard]] base::Result<model::Job> start_training(
    index::Engine& engine, jobs::Runner& runner, const std::string& index
);

/// Answers the engine's thresholds with training jobs, one a time and index.
/// Place     one per server, between engine and runner.
/// Threads   shared.
class TierKeeper {
 public:
  TierKeeper(index::Engine& engine, jobs::Runner& runner, const base::Clock& clock);
  ~TierKeeper();

 private:
  void on_threshold(const std::string& index);
  void forget(const std::string& index, std::uint64_t number);
  base::Result<void> work(const std::string& index, jobs::JobHandle& job);

  index::Engine& engine_;
  jobs::Runner& runner_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  std::uint64_t last_number_ MLG_GUARDED_BY(mutex_) = 0;
  struct Active {
    std::uint64_t number = 0;  ///< of the job, so that a late end does not forget its successor
    bool again = false;        ///< another shard crossed its threshold meanwhile
  };
  std::map<std::string, Active> active_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, base::SteadyTime> not_before_ MLG_GUARDED_BY(mutex_
  );  ///< after a failure; bounded by indices
};

}  // namespace mlgraph::work
