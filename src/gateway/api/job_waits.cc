#include "gateway/api/job_waits.h"

#include "gateway/api/services.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

HttpResponse answer_of(const Result<model::Job>& job) {
  return job ? json_response(200, json_text(*job)) : error_response(job.error());
}

}  // namespace

Result<void> JobWaits::wait(
    const std::string& job_id, const std::string& token, base::SteadyTime deadline, Reply reply
) {
  MLG_TRY(first, waiting_->add(job_id, {token, deadline, std::move(reply)}));
  if (!first) return {};
  runner_.on_end(job_id, [waiting = waiting_, job_id](const Result<model::Job>& job) {
    for (const auto& wait : waiting->take(job_id)) wait.reply(answer_of(job));
  });
  return {};
}

void JobWaits::expire(base::SteadyTime now) {
  for (const auto& [job_id, late] : waiting_->take_late(now)) {
    const auto job = runner_.find(job_id);
    const auto answer =
        job ? answer_of(*job)
            : error_response({ErrorCode::kNotFound, "there is no job '" + job_id + "'", {}, {}});
    for (const auto& wait : late) wait.reply(answer);
  }
}

Result<bool> JobWaits::Waiting::add(const std::string& job_id, Wait wait) {
  base::MutexLock lock(mutex);
  if (count >= kWaitsMax)
    return fail(ErrorCode::kOverloaded, "{} requests wait for jobs, the limit", count);
  auto& of_this = of_token[wait.token];
  if (of_this >= kWaitsPerTokenMax)
    return fail(
        ErrorCode::kOverloaded, "{} requests of this token wait for jobs, the limit", of_this
    );
  ++of_this;
  ++count;
  const auto [place, first] = by_job.try_emplace(job_id);
  place->second.push_back(std::move(wait));
  return first;
}

std::vector<JobWaits::Wait> JobWaits::Waiting::take(const std::string& job_id) {
  base::MutexLock lock(mutex);
  const auto place = by_job.find(job_id);
  if (place == by_job.end()) return {};
  auto waits = std::move(place->second);
  by_job.erase(place);
  for (const auto& wait : waits) forget(wait);
  return waits;
}

std::map<std::string, std::vector<JobWaits::Wait>> JobWaits::Waiting::take_late(base::SteadyTime now
) {
  std::map<std::string, std::vector<Wait>> late;
  base::MutexLock lock(mutex);
  for (auto& [job_id, waits] : by_job) {
    std::vector<Wait> in_time;
    for (Wait& wait : waits) {
      const bool is_late = wait.deadline <= now;
      if (is_late) forget(wait);
      (is_late ? late[job_id] : in_time).push_back(std::move(wait));
    }
    waits = std::move(in_time);
  }
  return late;
}

void JobWaits::Waiting::forget(const Wait& wait) {
  const auto of_this = of_token.find(wait.token);
  if (--of_this->second == 0) of_token.erase(of_this);
  --count;
}

}  // namespace mlgraph::gateway
