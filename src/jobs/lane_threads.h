#pragma once
#include <functional>
#include <string>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_pool.h"
#include "model/job.h"

namespace mlgraph::jobs {

/// The niced threads of one kind of job, and who waits for them.
/// Threads   shared.
/// Full      more than `queue_max` waiting: kOverloaded.
class LaneThreads {
 public:
  struct Options {
    std::string name;
    std::size_t threads = 1;
    std::size_t queue_max = 256;
  };
  explicit LaneThreads(Options options);

  /// Takes a place: kRunning if a thread is free this instant, else kQueued.
  [[nodiscard]] base::Result<model::JobState> enter();
  /// Runs `work` when its turn has come, gives the place back, and then calls what `work` returned:
  /// that tells of the end, and whoever hears it finds the place free. false: the lane stops, and
  /// the place is left.
  [[nodiscard]] bool try_post(model::JobState place, std::function<std::function<void()>()> work);
  /// Gives back a place that nothing was posted for.
  void leave(model::JobState place);
  /// Runs what waits and joins.
  void stop() { pool_.stop(); }

 private:
  std::size_t& count_of(model::JobState place) MLG_REQUIRES(mutex_) {
    return place == model::JobState::kRunning ? running_ : queued_;
  }

  const Options options_;
  base::Mutex mutex_;
  std::size_t running_ MLG_GUARDED_BY(mutex_) = 0;
  std::size_t queued_ MLG_GUARDED_BY(mutex_) = 0;
  base::ThreadPool pool_;
};

}  // namespace mlgraph::jobs
