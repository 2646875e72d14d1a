#include "jobs/runner.h"

#include <algorithm>
#include <map>
#include <thread>

#include "base/log.h"
#include "base/random.h"
#include "jobs/job_log.h"
#include "jobs/job_table.h"
#include "jobs/lane_threads.h"
#include "jobs/running_job.h"
#include "model/names.h"

namespace mlgraph::jobs {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr auto kTimerStep = std::chrono::milliseconds(100);
constexpr int kStepsBetweenRetries = 10;

model::Job new_job(const JobSpec& spec, model::JobState state) {
  model::Job job;
  job.job_id = spec.job_id.empty() ? spec.job_type + "-" + base::random_name(10) : spec.job_id;
  job.job_type = spec.job_type;
  job.index = spec.index;
  job.phase = spec.phase;
  job.total = spec.total;
  if (spec.total) job.progress = 0;
  job.state = state;
  return job;
}

/// Behind the first report of a job that a restart cut.
model::Job queued_again(model::Job left) {
  left.state = model::JobState::kQueued;
  left.rate = 0;
  left.eta_seconds.reset();
  if (left.progress) left.progress = std::min(*left.progress, kProgressBeforeTheEnd);
  return left;
}

}  // namespace

class Runner::Impl {
 public:
  Impl(store::Committer& committer, const base::Clock& clock, Options options)
      : committer_(committer),
        clock_(clock),
        options_(options),
        log_(committer, options.tallies),
        trainings_({"train", options.threads, options.queue_max}),
        file_imports_({"import", options.import_threads, options.queue_max}),
        exports_({"export", options.export_threads, options.queue_max}) {
    // An index that is gone may be made anew under its name.
    committer_.add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
      for (const auto& entry : entries)
        if (entry->kind == model::EventKind::kIndexDeleted) table_.reopen_index(entry->entity);
    });
    timer_ = std::thread([this] { run_timer(); });
  }

  ~Impl() { stop(); }

  Result<model::Job> start(const JobSpec& spec, Work work) {
    LaneThreads& lane = lane_of(spec.lane);
    MLG_TRY(place, lane.enter());
    auto job = enter(spec, place);
    if (!job) {
      lane.leave(place);
      return tl::unexpected(job.error());
    }
    const auto first = (*job)->snapshot();
    if (!lane.try_post(place, run_of(*job, std::move(work)))) {
      static_cast<void>(end(*job, fail(ErrorCode::kInterrupted, "the server is stopping")));
      return fail(ErrorCode::kShuttingDown, "the server is stopping");
    }
    return first;
  }

  Result<std::shared_ptr<JobHandle>> begin(const JobSpec& spec) {
    {
      base::MutexLock lock(mutex_);
      if (driven_ >= options_.imports_max)
        return fail(
            ErrorCode::kOverloaded,
            "{} imports are running, the limit is {}",
            driven_,
            options_.imports_max
        );
      ++driven_;
    }
    auto job = enter(spec, model::JobState::kRunning);
    if (!job) {
      base::MutexLock lock(mutex_);
      --driven_;
      return tl::unexpected(job.error());
    }
    static_cast<void>((*job)->try_claim());  // its driver ends it
    return std::static_pointer_cast<JobHandle>(*job);
  }

  Result<model::Job> finish(const std::shared_ptr<JobHandle>& job, Result<void> outcome) {
    {
      base::MutexLock lock(mutex_);
      --driven_;  // whoever hears of its end may begin another
    }
    return end(std::static_pointer_cast<RunningJob>(job), std::move(outcome));
  }

  Result<model::Job> cancel(const std::string& id) {
    const auto job = table_.find_entered(id);
    const auto folded = committer_.state()->job(id);
    if (!folded) return fail(ErrorCode::kNotFound, "there is no job '{}'", model::printable(id));
    if (!job || folded->ended()) return fail(ErrorCode::kConflict, "job '{}' has ended", id);
    stop_job(job);
    return find(id).value_or(*folded);
  }

  void cancel_index(const std::string& index) {
    for (const auto& job : table_.close_index(index)) stop_job(job);
    table_.wait_until_none(index);
  }

  void reopen_index(const std::string& index) { table_.reopen_index(index); }

  void on_end(const std::string& id, const JobTable::OnEnd& callback) {
    if (table_.wait(id, callback)) return;
    const auto folded = committer_.state()->job(id);
    if (folded)
      callback(*folded);
    else
      callback(fail(ErrorCode::kNotFound, "there is no job '{}'", model::printable(id)));
  }

  Result<void> recover(const Resume& resume) {
    MLG_TRY(notes, log_.notes());
    const auto state = committer_.state();
    for (const auto& [id, job] : state->jobs()) {
      if (job->ended()) continue;
      const model::Job left = log_.as_left(*job, notes);
      const auto private_json = state->job_private(id);
      auto rest = resume && private_json ? resume(left, *private_json) : std::nullopt;
      if (rest) {
        MLG_TRY_VOID(queue_again(queued_again(left), std::move(*rest)));
        std::erase_if(notes, [&id = id](const auto& note) { return is_note_of(note, id); });
      } else {
        MLG_TRY_VOID(log_.end_interrupted(left));
      }
    }
    log_.forget(notes);
    return {};
  }

  void go_on() {
    std::vector<Waiting> rests;
    {
      base::MutexLock lock(mutex_);
      rests.swap(rests_);
    }
    for (auto& [job, rest] : rests) {
      LaneThreads& lane = lane_of(rest.lane);
      const auto place = lane.enter();
      const bool posted = place && lane.try_post(*place, run_of(job, std::move(rest.work)));
      if (!posted && job->try_claim())
        end_or_leave(
            job,
            fail(
                ErrorCode::kInterrupted,
                "{}",
                place ? "the server is stopping" : place.error().message
            )
        );
    }
  }

  std::optional<model::Job> find(const std::string& id) const {
    const auto job = table_.find(id);
    const auto folded = committer_.state()->job(id);
    // Whoever has heard the end of a job must not find it running.
    if (job && !(folded && folded->ended())) return job->snapshot();
    if (!folded) return std::nullopt;
    return *folded;
  }

  std::vector<model::Job> list(const std::string& index, std::optional<model::JobState> state)
      const {
    std::map<std::string, model::Job> jobs;
    for (const auto& job : table_.running()) jobs[job->id()] = job->snapshot();
    const auto folded = committer_.state();
    for (const auto& [id, job] : folded->jobs())
      if (job->ended() || !jobs.contains(id)) jobs[id] = *job;
    std::vector<model::Job> wanted;
    for (auto& [id, job] : jobs)
      if ((index.empty() || job.index == index) && (!state || job.state == *state))
        wanted.push_back(std::move(job));
    std::sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) {
      return std::tie(a.started_at.ms, a.job_id) > std::tie(b.started_at.ms, b.job_id);
    });
    return wanted;
  }

  void stop() {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
    }
    table_.stop();
    wake_.notify_all();
    trainings_.stop();
    file_imports_.stop();
    exports_.stop();
    if (timer_.joinable()) timer_.join();
  }

 private:
  struct Waiting {
    std::shared_ptr<RunningJob> job;
    Rest rest;
  };
  struct Unlogged {
    model::Job job;
    Result<void> outcome;
  };

  LaneThreads& lane_of(Lane lane) {
    return lane == Lane::kTrainings     ? trainings_
           : lane == Lane::kFileImports ? file_imports_
                                        : exports_;
  }

  Result<std::shared_ptr<RunningJob>> enter(const JobSpec& spec, model::JobState state) {
    model::Job job = new_job(spec, state);
    MLG_TRY_VOID(model::check_entity_name("jobId", job.job_id));
    MLG_TRY_VOID(table_.enter(job.job_id, job.index));
    if (auto logged = log_.start(job, spec); !logged) {
      for (const auto& waiter : table_.remove(job.job_id)) waiter(tl::unexpected(logged.error()));
      return tl::unexpected(logged.error());
    }
    auto handle = make_handle(job, spec.goes_on);
    table_.run(handle);
    return handle;
  }

  std::shared_ptr<RunningJob> make_handle(const model::Job& job, bool goes_on) {
    return std::make_shared<RunningJob>(
        job, clock_, [this](const model::Job& now) { log_.progress(now); }, goes_on
    );
  }

  /// Takes in a job that the log has already; it waits for go_on().
  Result<void> queue_again(const model::Job& left, Rest rest) {
    MLG_TRY_VOID(log_.queue_again(left));
    auto handle = make_handle(left, true);
    table_.run(handle);
    base::MutexLock lock(mutex_);
    rests_.push_back({std::move(handle), std::move(rest)});
    return {};
  }

  /// What a lane's thread does of a job: its work, from its claim on, and what ends it.
  std::function<std::function<void()>()> run_of(std::shared_ptr<RunningJob> job, Work work) {
    return [this, job = std::move(job), work = std::move(work)]() -> std::function<void()> {
      if (!job->try_claim()) return [] {};
      if (!job->cancelled()) job->set_running();
      auto outcome = job->cancelled()
                         ? Result<void>(fail(ErrorCode::kCancelled, "cancelled before it began"))
                         : work(*job);
      return [this, job, outcome = std::move(outcome)] { end_or_leave(job, outcome); };
    };
  }

  void stop_job(const std::shared_ptr<RunningJob>& job) {
    job->request_stop(ErrorCode::kCancelled);
    if (job->try_claim())
      static_cast<void>(end(job, fail(ErrorCode::kCancelled, "cancelled before it began")));
  }

  /// A job that goes on is not ended by a stop of the server.
  void end_or_leave(const std::shared_ptr<RunningJob>& job, Result<void> outcome) {
    if (outcome || !job->goes_on() || job->stop_requested() != ErrorCode::kInterrupted) {
      static_cast<void>(end(job, std::move(outcome)));
      return;
    }
    const model::Job left = job->seal();
    for (const auto& waiter : table_.remove(left.job_id)) waiter(left);
  }

  Result<model::Job> end(const std::shared_ptr<RunningJob>& job, Result<void> outcome) {
    model::Job last = job->seal();
    // A job that was asked to stop says who asked; one that was done before it looked is done.
    if (!outcome)
      if (const auto asked = job->stop_requested()) {
        const bool stopping = *asked == ErrorCode::kInterrupted;
        outcome = fail(*asked, "{}", stopping ? "the server was stopped" : "the job was cancelled");
      }
    if (outcome) {
      if (!last.total || *last.total < last.processed) last.total = last.processed;
      last.progress = 1;
      last.eta_seconds = 0;
    }
    const model::Job sealed = last;
    Result<model::Job> ended = last;
    if (const auto logged = log_.end(last, outcome); logged) {
      ended = last;
    } else {
      base::log(
          base::LogLevel::kError,
          "the end of a job was not logged yet",
          "job",
          last.job_id,
          "reason",
          logged.error().message
      );
      ended = tl::unexpected(logged.error());
      base::MutexLock lock(mutex_);
      unlogged_.push_back({sealed, outcome});
    }
    for (const auto& waiter : table_.remove(last.job_id)) waiter(ended);
    return ended;
  }

  // A disk that was full for a while must not leave a job running in the log for ever. What is
  // still unlogged when the server stops is `interrupted` after the next start.
  void retry_ends() {
    std::vector<Unlogged> ends;
    {
      base::MutexLock lock(mutex_);
      ends.swap(unlogged_);
    }
    for (auto& end : ends) {
      model::Job last = end.job;
      if (log_.end(last, end.outcome)) continue;
      base::MutexLock lock(mutex_);
      unlogged_.push_back(std::move(end));
    }
  }

  // The last change before a quiet stretch is published when its time has come.
  void run_timer() {
    base::set_thread_role("job-timer", 0);
    for (int step = 1;; ++step) {
      if (step % kStepsBetweenRetries == 0) retry_ends();
      {
        base::MutexLock lock(mutex_);
        if (!stopping_)
          static_cast<void>(wake_.wait_until(mutex_, std::chrono::steady_clock::now() + kTimerStep)
          );
        if (stopping_) return;
      }
      for (const auto& job : table_.running()) job->publish_due();
    }
  }

  store::Committer& committer_;
  const base::Clock& clock_;
  const Options options_;
  JobLog log_;
  JobTable table_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Waiting> rests_ MLG_GUARDED_BY(mutex_);  ///< until go_on()
  std::vector<Unlogged> unlogged_ MLG_GUARDED_BY(mutex_);
  std::size_t driven_ MLG_GUARDED_BY(mutex_) = 0;
  bool stopping_ MLG_GUARDED_BY(mutex_) = false;
  LaneThreads trainings_;
  LaneThreads file_imports_;
  LaneThreads exports_;
  std::thread timer_;
};

Runner::Runner(store::Committer& committer, const base::Clock& clock, Options options)
    : impl_(std::make_unique<Impl>(committer, clock, options)) {}
Runner::~Runner() = default;
Result<model::Job> Runner::start(const JobSpec& spec, Work work) {
  return impl_->start(spec, std::move(work));
}
Result<std::shared_ptr<JobHandle>> Runner::begin(const JobSpec& spec) { return impl_->begin(spec); }
Result<model::Job> Runner::finish(const std::shared_ptr<JobHandle>& job, Result<void> outcome) {
  return impl_->finish(job, std::move(outcome));
}
Result<model::Job> Runner::cancel(const std::string& id) { return impl_->cancel(id); }
void Runner::cancel_index(const std::string& index) { impl_->cancel_index(index); }
void Runner::reopen_index(const std::string& index) { impl_->reopen_index(index); }
void Runner::on_end(
    const std::string& id, const std::function<void(Result<model::Job>)>& callback
) {
  impl_->on_end(id, callback);
}
Result<void> Runner::recover(const Resume& resume) { return impl_->recover(resume); }
void Runner::go_on() { impl_->go_on(); }
std::optional<model::Job> Runner::find(const std::string& id) const { return impl_->find(id); }
std::vector<model::Job> Runner::list(const std::string& index, std::optional<model::JobState> state)
    const {
  return impl_->list(index, state);
}
void Runner::stop() { impl_->stop(); }

}  // namespace mlgraph::jobs
