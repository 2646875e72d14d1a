#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "gateway/api/http.h"
#include "jobs/runner.h"

namespace mlgraph::gateway {

/// Requests that wait for a job's end without holding a thread: a few hundred bytes each, and one
/// callback a job however many wait for it, one after another.
/// Threads   shared; expire() about ten times a second.
/// Full      kWaitsMax in all, or kWaitsPerTokenMax of one token: kOverloaded. A client that hangs
///           up is not noticed, its wait counts until it is over: so one token leaves room.
class JobWaits {
 public:
  static constexpr std::size_t kWaitsMax = 10'000;
  static constexpr std::size_t kWaitsPerTokenMax = 1'000;

  explicit JobWaits(jobs::Runner& runner) : runner_(runner) {}
  /// Answers 200 with the job: ended, or as it stands at the deadline.
  [[nodiscard]] base::Result<void> wait(
      const std::string& job_id, const std::string& token, base::SteadyTime deadline, Reply reply
  );
  void expire(base::SteadyTime now);

 private:
  struct Wait {
    std::string token;
    base::SteadyTime deadline;
    Reply reply;
  };
  /// Outlives this object in the runner's callbacks.
  struct Waiting {
    [[nodiscard]] base::Result<bool> add(const std::string& job_id, Wait wait) MLG_EXCLUDES(mutex);
    /// All that wait for the job; its callback has been called.
    [[nodiscard]] std::vector<Wait> take(const std::string& job_id) MLG_EXCLUDES(mutex);
    [[nodiscard]] std::map<std::string, std::vector<Wait>> take_late(base::SteadyTime now)
        MLG_EXCLUDES(mutex);
    void forget(const Wait& wait) MLG_REQUIRES(mutex);

    base::Mutex mutex;
    /// An entry a job with a callback, also when nobody waits for it any more.
    std::map<std::string, std::vector<Wait>> by_job MLG_GUARDED_BY(mutex);
    std::map<std::string, std::size_t> of_token MLG_GUARDED_BY(mutex);
    std::size_t count MLG_GUARDED_BY(mutex) = 0;
  };

  jobs::Runner& runner_;
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
};

}  // namespace mlgraph::gateway
