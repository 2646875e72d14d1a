#include "jobs/running_job.h"

#include <algorithm>
#include <cmath>

namespace mlgraph::jobs {
namespace {
// Three a second by report, so that with the one that says 1 there are never more than four.
constexpr auto kBetweenEvents = std::chrono::milliseconds(334);
}  // namespace

RunningJob::RunningJob(model::Job job, const base::Clock& clock, Publish publish, bool goes_on)
    : id_(job.job_id),
      index_(job.index),
      clock_(clock),
      publish_(std::move(publish)),
      goes_on_(goes_on),
      job_(std::move(job)),
      rate_(clock.steady_now()),
      work_rate_(clock.steady_now()),
      published_at_(clock.steady_now()) {}

void RunningJob::changed() { dirty_ = true; }

void RunningJob::raise(std::uint64_t done, std::uint64_t known) {
  if (known == 0) return;
  const double fraction = static_cast<double>(done) / static_cast<double>(known);
  job_.progress = std::max(job_.progress.value_or(0), std::min(fraction, kProgressBeforeTheEnd));
}

void RunningJob::set_phase(std::string phase) {
  {
    base::MutexLock lock(mutex_);
    if (job_.phase == phase) return;
    job_.phase = std::move(phase);
    changed();
  }
  maybe_publish(false);
}

void RunningJob::set_total(std::optional<std::uint64_t> total) {
  {
    base::MutexLock lock(mutex_);
    job_.total = total;
    if (total) raise(job_.processed, *total);
    changed();
  }
  maybe_publish(false);
}

void RunningJob::advance(std::uint64_t n) {
  job_.processed += n;
  rate_.add(n, clock_.steady_now());
  if (job_.total) raise(job_.processed, *job_.total);
  changed();
}

void RunningJob::add_processed(std::uint64_t n) {
  {
    base::MutexLock lock(mutex_);
    advance(n);
  }
  maybe_publish(false);
}

void RunningJob::set_tally(const Tally& tally) {
  {
    base::MutexLock lock(mutex_);
    advance(tally.processed - std::min(tally.processed, job_.processed));
    job_.failed = tally.failed;
    if (job_.errors.size() != tally.errors.size()) job_.errors = tally.errors;
  }
  maybe_publish(false);
}

void RunningJob::set_work(std::uint64_t done, std::uint64_t known) {
  {
    base::MutexLock lock(mutex_);
    if (done > work_done_) work_rate_.add(done - work_done_, clock_.steady_now());
    work_done_ = std::max(work_done_, done);
    work_known_ = known;
    if (!job_.total) raise(work_done_, work_known_);
    changed();
  }
  maybe_publish(false);
}

// Rate and the time left are as of now, whoever asks.
void RunningJob::refresh() const {
  const auto now = clock_.steady_now();
  job_.rate = std::round(rate_.per_second(now) * 10) / 10;
  job_.eta_seconds.reset();
  if (const auto left = seconds_left(now); left && job_.rate > 0)
    job_.eta_seconds = std::round(*left * 10) / 10;
}

/// In the unit in which progress is measured: what is left of it, by how fast it goes.
std::optional<double> RunningJob::seconds_left(base::SteadyTime now) const {
  const auto at = [](std::uint64_t done, std::uint64_t known, double rate
                  ) -> std::optional<double> {
    if (known < done || rate <= 0) return std::nullopt;
    return static_cast<double>(known - done) / rate;
  };
  if (job_.total) return at(job_.processed, *job_.total, job_.rate);
  if (work_known_ > 0) return at(work_done_, work_known_, work_rate_.per_second(now));
  return std::nullopt;
}

model::Job RunningJob::snapshot() const {
  base::MutexLock lock(mutex_);
  refresh();
  return job_;
}

void RunningJob::request_stop(base::ErrorCode code) {
  int none = kGoOn;
  stop_code_.compare_exchange_strong(none, static_cast<int>(code));
}

std::optional<base::ErrorCode> RunningJob::stop_requested() const {
  const int code = stop_code_.load();
  if (code == kGoOn) return std::nullopt;
  return static_cast<base::ErrorCode>(code);
}

void RunningJob::publish_due() { maybe_publish(false); }

void RunningJob::maybe_publish(bool even_if_early) {
  // Under the lock, so that two reports cannot overtake each other on their way to the log.
  base::MutexLock lock(mutex_);
  const auto now = clock_.steady_now();
  if (!dirty_ || sealed_ || (!even_if_early && now - published_at_ < kBetweenEvents)) return;
  published_at_ = now;
  dirty_ = false;
  refresh();
  publish_(job_);
}

model::Job RunningJob::seal() {
  base::MutexLock lock(mutex_);
  sealed_ = true;
  refresh();
  return job_;
}

void RunningJob::set_running() {
  {
    base::MutexLock lock(mutex_);
    if (job_.state == model::JobState::kRunning) return;
    job_.state = model::JobState::kRunning;
    rate_ = work_rate_ = MovingRate(clock_.steady_now());  // waiting is no time spent working
    changed();
  }
  maybe_publish(true);
}

}  // namespace mlgraph::jobs
