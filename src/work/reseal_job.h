#pragma once
// Jobs that arrange shards anew: training, moving to disk, merging, compacting.
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "index/engine.h"
#include "jobs/runner.h"

namespace mlgraph::work {

/// "train", "migrate", "merge", "compact".
[[nodiscard]] std::string job_type_of(index::Resealing kind);

/// Reseals what is named, one after the other; phases are the engine's, and what is processed is
/// comparisons of two vectors: an estimate of the whole that the work's own reports are measured
/// by.
[[nodiscard]] base::Result<void> run_resealing(
    index::Engine& engine,
    jobs::JobHandle& job,
    const index::DueResealing& what,
    model::Reason reason
);

/// Begins one by hand, for all shards that it makes sense for. errors kConflict when there are
/// none, those of the engine.
[[nodiscard]] base::Result<model::Job> start_resealing(
    index::Engine& engine, jobs::Runner& runner, const std::string& index, index::Resealing kind
);

/// Answers the engine's thresholds with jobs, one a time and index.
/// Place     one per server, between engine and runner.
/// Threads   shared.
class TierKeeper {
 public:
  TierKeeper(index::Engine& engine, jobs::Runner& runner, const base::Clock& clock);
  ~TierKeeper();

 private:
  void on_threshold(const std::string& index);
  void forget(const std::string& index, std::uint64_t number);
  base::Result<void> work(const std::string& index, index::Resealing kind, jobs::JobHandle& job);
  [[nodiscard]] bool is_due(const std::string& index) const;

  index::Engine& engine_;
  jobs::Runner& runner_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  std::uint64_t last_number_ MLG_GUARDED_BY(mutex_) = 0;
  struct Active {
    std::uint64_t number = 0;  ///< of the job, so that a late end does not forget its successor
    bool again = false;        ///< another threshold was crossed meanwhile
  };
  std::map<std::string, Active> active_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, base::SteadyTime> not_before_ MLG_GUARDED_BY(mutex_
  );  ///< after a failure; bounded by indices
};

}  // namespace mlgraph::work
