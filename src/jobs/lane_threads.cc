#include "jobs/lane_threads.h"

namespace mlgraph::jobs {

using model::JobState;

namespace {
constexpr int kNice = 10;
}  // namespace

LaneThreads::LaneThreads(Options options)
    : options_(std::move(options)),
      // Room also for jobs that are `running` and wait for the thread they were promised.
      pool_({options_.name, options_.threads, options_.queue_max + options_.threads, kNice}) {}

base::Result<JobState> LaneThreads::enter() {
  base::MutexLock lock(mutex_);
  // A thread that is free this instant belongs to whoever waits already.
  const bool free = running_ < options_.threads && queued_ == 0;
  if (!free && queued_ >= options_.queue_max)
    return base::fail(
        base::ErrorCode::kOverloaded,
        "{} jobs are waiting, the limit is {}",
        queued_,
        options_.queue_max
    );
  const JobState place = free ? JobState::kRunning : JobState::kQueued;
  ++count_of(place);
  return place;
}

bool LaneThreads::try_post(JobState place, std::function<std::function<void()>()> work) {
  const bool posted = pool_.try_post([this, place, work = std::move(work)] {
    if (place == JobState::kQueued) {
      base::MutexLock lock(mutex_);
      --queued_;
      ++running_;
    }
    const auto tell = work();
    leave(JobState::kRunning);
    tell();
  });
  if (!posted) leave(place);
  return posted;
}

void LaneThreads::leave(JobState place) {
  base::MutexLock lock(mutex_);
  --count_of(place);
}

}  // namespace mlgraph::jobs
