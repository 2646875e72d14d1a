#include "jobs/runner.h"

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/random.h"
#include "jobs/lane_threads.h"
#include "jobs/running_job.h"
#include "jobs/tally.h"
#include "model/names.h"

namespace mlgraph::jobs {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

std::string job_json(const model::Job& job) {
  std::string text;
  base::JsonWriter out(text);
  model::write(out, job);
  return text;
}

model::Draft draft_of(model::EventKind kind, const model::Job& job, std::string private_json = {}) {
  return {kind, job.job_id, job.index, job_json(job), std::move(private_json)};
}

constexpr auto kTimerStep = std::chrono::milliseconds(100);
constexpr int kStepsBetweenRetries = 10;

}  // namespace

class Runner::Impl {
 public:
  Impl(store::Committer& committer, const base::Clock& clock, Options options)
      : committer_(committer),
        clock_(clock),
        options_(options),
        trainings_({"train", options.threads, options.queue_max}),
        file_imports_({"import", options.import_threads, options.queue_max}),
        exports_({"export", options.export_threads, options.queue_max}) {
    committer_.add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
      on_entries(entries);
    });
    timer_ = std::thread([this] { run_timer(); });
  }

  ~Impl() { stop(); }

  Result<model::Job> start(JobSpec spec, Work work) {
    LaneThreads& lane = lane_of(spec.lane);
    MLG_TRY(place, lane.enter());
    auto job = register_job(std::move(spec), place);
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

  Result<std::shared_ptr<JobHandle>> begin(JobSpec spec) {
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
    auto job = register_job(std::move(spec), model::JobState::kRunning);
    if (!job) {
      base::MutexLock lock(mutex_);
      --driven_;
      return tl::unexpected(job.error());
    }
    static_cast<void>((*job)->try_claim());  // its driver ends it
    return std::static_pointer_cast<JobHandle>(*job);
  }

  Result<model::Job> finish(const std::shared_ptr<JobHandle>& job, Result<void> outcome) {
    auto ended = end(std::static_pointer_cast<RunningJob>(job), std::move(outcome));
    base::MutexLock lock(mutex_);
    --driven_;
    return ended;
  }

  Result<model::Job> cancel(const std::string& id) {
    {
      base::MutexLock lock(mutex_);  // its job.started may be heard before it can be cancelled
      while (registering_.contains(id)) changed_.wait(mutex_);
    }
    const auto job = running(id);
    const auto folded = committer_.state()->job(id);
    if (!folded) return fail(ErrorCode::kNotFound, "there is no job '{}'", model::printable(id));
    if (!job || folded->ended()) return fail(ErrorCode::kConflict, "job '{}' has ended", id);
    stop_job(job);
    return find(id).value_or(*folded);
  }

  void cancel_index(const std::string& index) {
    const auto of_index = [&]() MLG_REQUIRES(mutex_) {
      std::vector<std::shared_ptr<RunningJob>> jobs;
      for (const auto& [id, job] : running_)
        if (job->index() == index) jobs.push_back(job);
      return jobs;
    };
    const auto being_registered = [&]() MLG_REQUIRES(mutex_) {
      return std::any_of(registering_.begin(), registering_.end(), [&](const auto& item) {
        return item.second == index;
      });
    };
    std::vector<std::shared_ptr<RunningJob>> jobs;
    {
      base::MutexLock lock(mutex_);
      closing_.insert(index);  // none comes after those
      while (being_registered()) changed_.wait(mutex_);
      jobs = of_index();
    }
    for (const auto& job : jobs) stop_job(job);
    base::MutexLock lock(mutex_);
    while (!of_index().empty()) changed_.wait(mutex_);
  }

  void reopen_index(const std::string& index) {
    base::MutexLock lock(mutex_);
    closing_.erase(index);
  }

  void on_end(const std::string& id, std::function<void(Result<model::Job>)> callback) {
    {
      base::MutexLock lock(mutex_);
      if (running_.contains(id) || registering_.contains(id)) {
        waiting_[id].push_back(std::move(callback));
        return;
      }
    }
    const auto folded = committer_.state()->job(id);
    if (folded)
      callback(*folded);
    else
      callback(fail(ErrorCode::kNotFound, "there is no job '{}'", model::printable(id)));
  }

  Result<void> recover(const Resume& resume) {
    std::vector<store::Note> notes;
    if (options_.tallies) {
      MLG_TRY(found, options_.tallies->notes());
      notes = std::move(found);
    }
    const auto state = committer_.state();
    for (const auto& [id, job] : state->jobs()) {
      if (job->ended()) continue;
      const bool counted = options_.tallies && job->job_type == kCountedType;
      const model::Job left = counted ? as_it_was_left(*job, notes) : *job;
      const auto private_json = state->job_private(id);
      auto rest = resume && private_json ? resume(left, *private_json) : std::nullopt;
      if (rest) {
        MLG_TRY_VOID(queue_again(left, std::move(*rest)));
        std::erase_if(notes, [&id = id](const auto& note) { return is_note_of(note, id); });
      } else {
        MLG_TRY_VOID(end_interrupted(left));
      }
    }
    forget(notes);
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
    const auto job = running(id);
    const auto folded = committer_.state()->job(id);
    // Whoever has heard the end of a job must not find it running.
    if (job && !(folded && folded->ended())) return job->snapshot();
    if (!folded) return std::nullopt;
    return *folded;
  }

  std::vector<model::Job> list(const std::string& index, std::optional<model::JobState> state)
      const {
    std::map<std::string, model::Job> jobs;
    {
      base::MutexLock lock(mutex_);
      for (const auto& [id, job] : running_) jobs[id] = job->snapshot();
    }
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
      for (const auto& [id, job] : running_) job->request_stop(ErrorCode::kInterrupted);
    }
    wake_.notify_all();
    trainings_.stop();
    file_imports_.stop();
    exports_.stop();
    if (timer_.joinable()) timer_.join();
  }

 private:
  LaneThreads& lane_of(Lane lane) {
    return lane == Lane::kTrainings     ? trainings_
           : lane == Lane::kFileImports ? file_imports_
                                        : exports_;
  }

  /// What a lane's thread does of a job: its work, from its claim to its end.
  std::function<void()> run_of(std::shared_ptr<RunningJob> job, Work work) {
    return [this, job = std::move(job), work = std::move(work)] {
      if (!job->try_claim()) return;
      if (!job->cancelled()) job->set_running();
      end_or_leave(
          job,
          job->cancelled() ? Result<void>(fail(ErrorCode::kCancelled, "cancelled before it began"))
                           : work(*job)
      );
    };
  }

  /// A job that goes on is not ended by a stop of the server.
  void end_or_leave(const std::shared_ptr<RunningJob>& job, Result<void> outcome) {
    if (outcome || !job->goes_on() || job->stop_requested() != ErrorCode::kInterrupted) {
      static_cast<void>(end(job, std::move(outcome)));
      return;
    }
    const model::Job left = job->seal();
    Waiters waiters;
    {
      base::MutexLock lock(mutex_);
      running_.erase(left.job_id);
      waiters = take_waiters(left.job_id);
    }
    changed_.notify_all();
    for (const auto& waiter : waiters) waiter(left);
  }

  Result<void> end_interrupted(const model::Job& left) {
    MLG_TRY_VOID(committer_.commit([&](store::Decision& decision) -> Result<void> {
      const auto now = decision.state().job(left.job_id);
      if (!now || now->ended()) return {};
      decision.log(draft_of(
          model::EventKind::kJobFailed,
          failed(left, ErrorCode::kInterrupted, "the server was restarted", decision.now())
      ));
      return {};
    }));
    return {};
  }

  /// Registers a job that the log has already; it waits for go_on().
  Result<void> queue_again(model::Job left, Rest rest) {
    left.state = model::JobState::kQueued;
    left.rate = 0;
    left.eta_seconds.reset();
    if (left.progress) left.progress = std::min(*left.progress, kProgressBeforeTheEnd);
    MLG_TRY_VOID(committer_.commit([&](store::Decision& decision) -> Result<void> {
      const auto now = decision.state().job(left.job_id);
      if (now && *now != left) decision.log(draft_of(model::EventKind::kJobProgress, left));
      return {};
    }));
    auto handle = make_handle(left, true);
    base::MutexLock lock(mutex_);
    running_[left.job_id] = handle;
    if (stopping_) handle->request_stop(ErrorCode::kInterrupted);
    rests_.push_back({std::move(handle), std::move(rest)});
    return {};
  }

  std::shared_ptr<RunningJob> make_handle(const model::Job& job, bool goes_on) {
    return std::make_shared<RunningJob>(
        job, clock_, [this](const model::Job& now) { publish(now); }, goes_on
    );
  }

  static model::Job failed(
      model::Job job, ErrorCode code, std::string message, base::Timestamp at
  ) {
    job.state = model::JobState::kFailed;
    job.rate = 0;
    job.eta_seconds.reset();
    job.finished_at = at;
    job.error_code = error_name(code);
    job.error_message = std::move(message);
    return job;
  }

  // Not synced, and no harm if it fails: what is left of them the next start erases.
  void forget_tally(const std::string& job_id) {
    if (!options_.tallies) return;
    const auto batch = options_.tallies->make_batch();
    erase_notes(*batch, job_id);
    static_cast<void>(options_.tallies->write(*batch, false));
  }
  void forget(const std::vector<store::Note>& notes) {
    if (!options_.tallies || notes.empty()) return;
    const auto batch = options_.tallies->make_batch();
    for (const auto& note : notes) batch->erase_note(note.key);
    static_cast<void>(options_.tallies->write(*batch, false));
  }

  void stop_job(const std::shared_ptr<RunningJob>& job) {
    job->request_stop(ErrorCode::kCancelled);
    if (job->try_claim())
      static_cast<void>(end(job, fail(ErrorCode::kCancelled, "cancelled before it began")));
  }

  std::shared_ptr<RunningJob> running(const std::string& id) const {
    base::MutexLock lock(mutex_);
    const auto it = running_.find(id);
    return it == running_.end() ? nullptr : it->second;
  }

  Result<std::shared_ptr<RunningJob>> register_job(JobSpec spec, model::JobState state) {
    model::Job job;
    job.job_id = spec.job_id.empty() ? spec.job_type + "-" + base::random_name(10) : spec.job_id;
    MLG_TRY_VOID(model::check_entity_name("jobId", job.job_id));
    job.job_type = spec.job_type;
    job.index = spec.index;
    job.phase = spec.phase;
    job.total = spec.total;
    if (spec.total) job.progress = 0;
    job.state = state;
    {
      base::MutexLock lock(mutex_);
      if (stopping_) return fail(ErrorCode::kShuttingDown, "the server is stopping");
      if (running_.contains(job.job_id) || registering_.contains(job.job_id))
        return fail(ErrorCode::kConflict, "job '{}' exists already", job.job_id);
      if (!job.index.empty() && closing_.contains(job.index))
        return fail(ErrorCode::kConflict, "index '{}' is being deleted", job.index);
      registering_[job.job_id] = job.index;
    }
    const auto committed = committer_.commit([&](store::Decision& decision) -> Result<void> {
      if (!spec.first && !job.index.empty() && !decision.state().index(job.index))
        return fail(ErrorCode::kNotFound, "there is no index '{}'", model::printable(job.index));
      if (decision.state().job(job.job_id))
        return fail(ErrorCode::kConflict, "job '{}' exists already", job.job_id);
      if (spec.first) {
        MLG_TRY_VOID(spec.first(decision));
      }
      job.started_at = decision.now();
      decision.log(draft_of(model::EventKind::kJobStarted, job, spec.private_json));
      return {};
    });
    std::shared_ptr<RunningJob> handle;
    Waiters waiters;
    {
      base::MutexLock lock(mutex_);
      registering_.erase(job.job_id);
      if (committed) {
        handle = make_handle(job, spec.goes_on);
        running_[job.job_id] = handle;
        // The server may have begun to stop while job.started was written.
        if (stopping_) handle->request_stop(ErrorCode::kInterrupted);
      } else {
        waiters = take_waiters(job.job_id);
      }
    }
    changed_.notify_all();
    if (committed) return handle;
    for (const auto& waiter : waiters) waiter(tl::unexpected(committed.error()));
    return tl::unexpected(committed.error());
  }

  void publish(const model::Job& job) {
    committer_.submit(
        [job](store::Decision& decision) -> Result<void> {
          const auto now = decision.state().job(job.job_id);
          if (!now || now->ended()) return {};
          decision.log(draft_of(model::EventKind::kJobProgress, job));
          return {};
        },
        [](const Result<std::uint64_t>&) {}  // the next report says more
    );
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
    const auto committed = log_end(last, outcome);
    if (!committed)
      base::log(
          base::LogLevel::kError,
          "the end of a job was not logged yet",
          "job",
          last.job_id,
          "reason",
          committed.error().message
      );
    Waiters waiters;
    {
      base::MutexLock lock(mutex_);
      running_.erase(last.job_id);
      waiters = take_waiters(last.job_id);
      if (!committed) unlogged_.push_back({sealed, outcome});
    }
    changed_.notify_all();
    Result<model::Job> ended = last;
    if (!committed) ended = tl::unexpected(committed.error());
    for (const auto& waiter : waiters) waiter(ended);
    return ended;
  }

  /// Commits the end of a job; `last` becomes the object as it was logged.
  Result<std::uint64_t> log_end(model::Job& last, const Result<void>& outcome) {
    auto committed = committer_.commit([&](store::Decision& decision) -> Result<void> {
      const auto now = decision.state().job(last.job_id);
      if (now && now->ended()) return {};
      if (!outcome) {
        last = failed(last, outcome.error().code, outcome.error().message, decision.now());
        decision.log(draft_of(model::EventKind::kJobFailed, last));
        return {};
      }
      last.state = model::JobState::kRunning;
      decision.log(draft_of(model::EventKind::kJobProgress, last));
      last.state = model::JobState::kCompleted;
      last.phase = "done";
      last.finished_at = decision.now();
      decision.log(draft_of(model::EventKind::kJobCompleted, last));
      return {};
    });
    if (committed && last.job_type == kCountedType) forget_tally(last.job_id);
    return committed;
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
      if (log_end(last, end.outcome)) continue;
      base::MutexLock lock(mutex_);
      unlogged_.push_back(std::move(end));
    }
  }

  // An index that is gone may be made anew under its name.
  void on_entries(std::span<const std::shared_ptr<const model::Entry>> entries) {
    for (const auto& entry : entries)
      if (entry->kind == model::EventKind::kIndexDeleted) {
        base::MutexLock lock(mutex_);
        closing_.erase(entry->entity);
      }
  }

  // The last change before a quiet stretch is published when its time has come.
  void run_timer() {
    base::set_thread_role("job-timer", 0);
    for (int step = 1;; ++step) {
      if (step % kStepsBetweenRetries == 0) retry_ends();
      std::vector<std::shared_ptr<RunningJob>> jobs;
      {
        base::MutexLock lock(mutex_);
        if (!stopping_)
          static_cast<void>(wake_.wait_until(mutex_, std::chrono::steady_clock::now() + kTimerStep)
          );
        if (stopping_) return;
        for (const auto& [id, job] : running_) jobs.push_back(job);
      }
      for (const auto& job : jobs) job->publish_due();
    }
  }

  using Waiters = std::vector<std::function<void(Result<model::Job>)>>;
  struct Waiting {
    std::shared_ptr<RunningJob> job;
    Rest rest;
  };
  struct Unlogged {
    model::Job job;
    Result<void> outcome;
  };

  Waiters take_waiters(const std::string& id) MLG_REQUIRES(mutex_) {
    const auto it = waiting_.find(id);
    if (it == waiting_.end()) return {};
    Waiters waiters = std::move(it->second);
    waiting_.erase(it);
    return waiters;
  }

  store::Committer& committer_;
  const base::Clock& clock_;
  const Options options_;
  mutable base::Mutex mutex_;
  base::CondVar wake_;
  base::CondVar changed_;  ///< registering_ or running_ lost a job
  std::map<std::string, std::string> registering_ MLG_GUARDED_BY(mutex_
  );  ///< id -> index, while job.started is being written
  std::map<std::string, std::shared_ptr<RunningJob>> running_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, Waiters> waiting_ MLG_GUARDED_BY(mutex_);
  std::vector<Waiting> rests_ MLG_GUARDED_BY(mutex_);  ///< until go_on()
  std::vector<Unlogged> unlogged_ MLG_GUARDED_BY(mutex_);
  std::set<std::string> closing_ MLG_GUARDED_BY(mutex_);
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
Result<model::Job> Runner::start(JobSpec spec, Work work) {
  return impl_->start(std::move(spec), std::move(work));
}
Result<std::shared_ptr<JobHandle>> Runner::begin(JobSpec spec) {
  return impl_->begin(std::move(spec));
}
Result<model::Job> Runner::finish(const std::shared_ptr<JobHandle>& job, Result<void> outcome) {
  return impl_->finish(job, std::move(outcome));
}
Result<model::Job> Runner::cancel(const std::string& id) { return impl_->cancel(id); }
void Runner::cancel_index(const std::string& index) { impl_->cancel_index(index); }
void Runner::reopen_index(const std::string& index) { impl_->reopen_index(index); }
void Runner::on_end(const std::string& id, std::function<void(Result<model::Job>)> callback) {
  impl_->on_end(id, std::move(callback));
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
