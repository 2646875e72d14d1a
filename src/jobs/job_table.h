#pragma once
// Which jobs there are at this moment, who waits for their end, and which indices take no more.
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "jobs/running_job.h"

namespace mlgraph::jobs {

/// A job is entered by its id before job.started is decided, runs once that is logged, and is
/// removed behind its end.
/// Threads  any; callbacks are never called from here, but handed to who ended what they wait for.
class JobTable {
 public:
  using OnEnd = std::function<void(base::Result<model::Job>)>;
  using Jobs = std::vector<std::shared_ptr<RunningJob>>;

  /// errors  kShuttingDown; kConflict: the id is there, or the index is closed.
  [[nodiscard]] base::Result<void> enter(const std::string& id, const std::string& index);
  /// Its job.started is logged. After stop() it is asked to end at once.
  void run(std::shared_ptr<RunningJob> job);
  /// Its job.started was not logged, or it has ended: those who wait for it.
  [[nodiscard]] std::vector<OnEnd> remove(const std::string& id);

  [[nodiscard]] std::shared_ptr<RunningJob> find(const std::string& id) const;
  /// Waits while the job's job.started is being written: that may be heard before the job runs.
  [[nodiscard]] std::shared_ptr<RunningJob> find_entered(const std::string& id);
  [[nodiscard]] Jobs running() const;
  /// Keeps `on_end` while the job is here; false: it is not.
  [[nodiscard]] bool wait(const std::string& id, const OnEnd& on_end);

  /// No job of the index is entered from here on; those that run, also such as were being entered.
  [[nodiscard]] Jobs close_index(const std::string& index);
  void wait_until_none(const std::string& index);
  void reopen_index(const std::string& index);

  /// Asks all to end as `interrupted`; none is entered any more.
  void stop();

 private:
  [[nodiscard]] Jobs running_of(const std::string& index) const MLG_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  base::CondVar changed_;                                              ///< a job runs, or is gone
  std::map<std::string, std::string> entered_ MLG_GUARDED_BY(mutex_);  ///< id -> index
  std::map<std::string, std::shared_ptr<RunningJob>> running_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<OnEnd>> waiting_ MLG_GUARDED_BY(mutex_);
  std::set<std::string> closed_ MLG_GUARDED_BY(mutex_);
  bool stopping_ MLG_GUARDED_BY(mutex_) = false;
};

}  // namespace mlgraph::jobs
