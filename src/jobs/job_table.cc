#include "jobs/job_table.h"

#include <algorithm>

namespace mlgraph::jobs {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<void> JobTable::enter(const std::string& id, const std::string& index) {
  base::MutexLock lock(mutex_);
  if (stopping_) return fail(ErrorCode::kShuttingDown, "the server is stopping");
  if (running_.contains(id) || entered_.contains(id))
    return fail(ErrorCode::kConflict, "job '{}' exists already", id);
  if (!index.empty() && closed_.contains(index))
    return fail(ErrorCode::kConflict, "index '{}' is being deleted", index);
  entered_[id] = index;
  return {};
}

void JobTable::run(std::shared_ptr<RunningJob> job) {
  {
    base::MutexLock lock(mutex_);
    entered_.erase(job->id());
    // The server may have begun to stop while job.started was written.
    if (stopping_) job->request_stop(ErrorCode::kInterrupted);
    running_[job->id()] = std::move(job);
  }
  changed_.notify_all();
}

std::vector<JobTable::OnEnd> JobTable::remove(const std::string& id) {
  std::vector<OnEnd> waiting;
  {
    base::MutexLock lock(mutex_);
    entered_.erase(id);
    running_.erase(id);
    if (auto found = waiting_.extract(id)) waiting = std::move(found.mapped());
  }
  changed_.notify_all();
  return waiting;
}

std::shared_ptr<RunningJob> JobTable::find(const std::string& id) const {
  base::MutexLock lock(mutex_);
  const auto it = running_.find(id);
  return it == running_.end() ? nullptr : it->second;
}

std::shared_ptr<RunningJob> JobTable::find_entered(const std::string& id) {
  base::MutexLock lock(mutex_);
  while (entered_.contains(id)) changed_.wait(mutex_);
  const auto it = running_.find(id);
  return it == running_.end() ? nullptr : it->second;
}

JobTable::Jobs JobTable::running() const {
  base::MutexLock lock(mutex_);
  Jobs jobs;
  jobs.reserve(running_.size());
  for (const auto& [id, job] : running_) jobs.push_back(job);
  return jobs;
}

bool JobTable::wait(const std::string& id, const OnEnd& on_end) {
  base::MutexLock lock(mutex_);
  if (!running_.contains(id) && !entered_.contains(id)) return false;
  waiting_[id].push_back(on_end);
  return true;
}

JobTable::Jobs JobTable::running_of(const std::string& index) const {
  Jobs jobs;
  for (const auto& [id, job] : running_)
    if (job->index() == index) jobs.push_back(job);
  return jobs;
}

JobTable::Jobs JobTable::close_index(const std::string& index) {
  base::MutexLock lock(mutex_);
  closed_.insert(index);
  const auto is_of_index = [&](const auto& item) { return item.second == index; };
  while (std::any_of(entered_.begin(), entered_.end(), is_of_index)) changed_.wait(mutex_);
  return running_of(index);
}

void JobTable::wait_until_none(const std::string& index) {
  base::MutexLock lock(mutex_);
  while (!running_of(index).empty()) changed_.wait(mutex_);
}

void JobTable::reopen_index(const std::string& index) {
  base::MutexLock lock(mutex_);
  closed_.erase(index);
}

void JobTable::stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  for (const auto& [id, job] : running_) job->request_stop(ErrorCode::kInterrupted);
}

}  // namespace mlgraph::jobs
