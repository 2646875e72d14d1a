#include "jobs/job_log.h"

#include "jobs/running_job.h"
#include "jobs/tally.h"
#include "model/names.h"

namespace mlgraph::jobs {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

model::Draft draft_of(
    model::EventKind kind, const model::Job& job, const std::string& private_json = {}
) {
  std::string text;
  base::JsonWriter out(text);
  model::write(out, job);
  return {kind, job.job_id, job.index, std::move(text), private_json};
}

model::Job failed(model::Job job, ErrorCode code, std::string message, base::Timestamp at) {
  job.state = model::JobState::kFailed;
  job.rate = 0;
  job.eta_seconds.reset();
  job.finished_at = at;
  job.error_code = error_name(code);
  job.error_message = std::move(message);
  return job;
}

bool has_ended(const store::Decision& decision, const model::Job& job) {
  const auto now = decision.state().job(job.job_id);
  return now && now->ended();
}

}  // namespace

Result<void> JobLog::start(model::Job& job, const JobSpec& spec) {
  MLG_TRY_VOID(committer_.commit([&](store::Decision& decision) -> Result<void> {
    if (!spec.first && !job.index.empty() && !decision.state().index(job.index))
      return fail(ErrorCode::kNotFound, "there is no index '{}'", model::printable(job.index));
    if (decision.state().job(job.job_id))
      return fail(ErrorCode::kConflict, "job '{}' exists already", job.job_id);
    if (spec.first)
      if (auto first = spec.first(decision); !first) return first;
    job.started_at = decision.now();
    decision.log(draft_of(model::EventKind::kJobStarted, job, spec.private_json));
    return {};
  }));
  return {};
}

void JobLog::progress(const model::Job& job) {
  committer_.submit(
      [job](store::Decision& decision) -> Result<void> {
        const auto now = decision.state().job(job.job_id);
        if (now && !now->ended()) decision.log(draft_of(model::EventKind::kJobProgress, job));
        return {};
      },
      [](const Result<std::uint64_t>&) {}
  );
}

Result<void> JobLog::end(model::Job& last, const Result<void>& outcome) {
  MLG_TRY_VOID(committer_.commit([&](store::Decision& decision) -> Result<void> {
    if (has_ended(decision, last)) return {};
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
  }));
  if (tallies_ && last.job_type == kCountedType) {
    // Not synced, and no harm if it fails: what is left of them the next start erases.
    const auto batch = tallies_->make_batch();
    erase_notes(*batch, last.job_id);
    static_cast<void>(tallies_->write(*batch, false));
  }
  return {};
}

model::Job JobLog::as_left(const model::Job& job, const std::vector<store::Note>& notes) const {
  return tallies_ && job.job_type == kCountedType ? as_it_was_left(job, notes) : job;
}

Result<void> JobLog::end_interrupted(const model::Job& left) {
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

Result<void> JobLog::queue_again(const model::Job& left) {
  MLG_TRY_VOID(committer_.commit([&](store::Decision& decision) -> Result<void> {
    const auto now = decision.state().job(left.job_id);
    if (now && *now != left) decision.log(draft_of(model::EventKind::kJobProgress, left));
    return {};
  }));
  return {};
}

Result<std::vector<store::Note>> JobLog::notes() const {
  if (!tallies_) return std::vector<store::Note>{};
  return tallies_->notes();
}

void JobLog::forget(const std::vector<store::Note>& notes) {
  if (!tallies_ || notes.empty()) return;
  const auto batch = tallies_->make_batch();
  for (const auto& note : notes) batch->erase_note(note.key);
  static_cast<void>(tallies_->write(*batch, false));
}

}  // namespace mlgraph::jobs
