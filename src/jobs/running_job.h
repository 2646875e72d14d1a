#pragma once
#include <atomic>
#include <mutex>

#include "base/clock.h"
#include "base/mutex.h"
#include "jobs/job_spec.h"
#include "jobs/progress.h"

namespace mlgraph::jobs {

/// The one JobHandle: numbers under a mutex, and when the next job.progress is due.
/// Threads: shared.
class RunningJob final : public JobHandle {
 public:
  using Publish = std::function<void(const model::Job&)>;
  RunningJob(model::Job job, const base::Clock& clock, Publish publish, bool goes_on = false);

  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] const std::string& index() const override { return index_; }
  void set_phase(std::string phase) override;
  void set_total(std::optional<std::uint64_t> total) override;
  void add_processed(std::uint64_t n) override;
  void set_work(std::uint64_t done, std::uint64_t known) override;
  void set_tally(const Tally& tally) override;
  [[nodiscard]] bool cancelled() const override { return stop_code_.load() != kGoOn; }
  [[nodiscard]] model::Job snapshot() const override;

  /// Asks it to stop; its end will carry `code`. The first asker's code stands.
  void request_stop(base::ErrorCode code);
  [[nodiscard]] std::optional<base::ErrorCode> stop_requested() const;
  /// Whether a stop of the server leaves it to the next start.
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  /// Whoever claims a job ends it: the thread that runs it, or who cancels it while it is still
  /// queued. Once only.
  [[nodiscard]] bool try_claim() { return !claimed_.exchange(true); }
  /// Publishes a change that the throttle held back, once it is due.
  void publish_due();
  /// No job.progress after this; returns the object as it stands.
  [[nodiscard]] model::Job seal();
  /// Its turn has come; nothing is told of one that began at once.
  void set_running();

 private:
  static constexpr int kGoOn = -1;
  void changed() MLG_REQUIRES(mutex_);
  void advance(std::uint64_t n) MLG_REQUIRES(mutex_);
  void raise(std::uint64_t done, std::uint64_t known) MLG_REQUIRES(mutex_);
  void refresh() const MLG_REQUIRES(mutex_);
  [[nodiscard]] std::optional<double> seconds_left(base::SteadyTime now) const MLG_REQUIRES(mutex_);
  void maybe_publish(bool even_if_early) MLG_EXCLUDES(mutex_);

  const std::string id_;
  const std::string index_;
  const base::Clock& clock_;
  const Publish publish_;
  const bool goes_on_;
  std::atomic<int> stop_code_{kGoOn};
  std::atomic<bool> claimed_{false};
  mutable base::Mutex mutex_;
  mutable model::Job job_ MLG_GUARDED_BY(mutex_);
  mutable MovingRate rate_ MLG_GUARDED_BY(mutex_);       ///< of what is processed
  mutable MovingRate work_rate_ MLG_GUARDED_BY(mutex_);  ///< of what set_work() measures
  std::uint64_t work_done_ MLG_GUARDED_BY(mutex_) = 0;
  std::uint64_t work_known_ MLG_GUARDED_BY(mutex_) = 0;
  base::SteadyTime published_at_ MLG_GUARDED_BY(mutex_);
  bool dirty_ MLG_GUARDED_BY(mutex_) = false;
  bool sealed_ MLG_GUARDED_BY(mutex_) = false;
};

}  // namespace mlgraph::jobs
