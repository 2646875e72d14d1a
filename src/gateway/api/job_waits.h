#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "gateway/api/http.h"
#include "jobs/runner.h"

namespace mlgraph::gateway {

/// Requests that wait for a job's end without holding a thread.
/// Threads   shared; expire() about ten times a second.
/// Full      at kWaitsMax: kOverloaded.
class JobWaits {
 public:
  static constexpr std::size_t kWaitsMax = 10'000;
  explicit JobWaits(jobs::Runner& runner) : runner_(runner) {}
  /// Answers 200 with the job once it has ended, or 408 at the deadline.
  [[nodiscard]] base::Result<void> wait(
      const std::string& job_id, base::SteadyTime deadline, Reply reply
  );
  void expire(base::SteadyTime now);

 private:
  struct Wait {
    std::string job_id;
    base::SteadyTime deadline;
    Reply reply;
    std::atomic<bool> answered{false};
  };
  jobs::Runner& runner_;
  base::Mutex mutex_;
  std::vector<std::shared_ptr<Wait>> waits_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::gateway
