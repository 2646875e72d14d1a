#include "gateway/api/job_waits.h"

#include "gateway/api/services.h"

namespace mlgraph::gateway {

base::Result<void> JobWaits::wait(
    const std::string& job_id, base::SteadyTime deadline, Reply reply
) {
  auto wait = std::make_shared<Wait>();
  wait->job_id = job_id;
  wait->deadline = deadline;
  wait->reply = std::move(reply);
  {
    base::MutexLock lock(mutex_);
    if (waits_.size() >= kWaitsMax)
      return base::fail(
          base::ErrorCode::kOverloaded, "{} requests wait for jobs, the limit", kWaitsMax
      );
    waits_.push_back(wait);
  }
  runner_.on_end(job_id, [wait](base::Result<model::Job> job) {
    if (wait->answered.exchange(true)) return;
    wait->reply(job ? json_response(200, json_text(*job)) : error_response(job.error()));
  });
  return {};
}

void JobWaits::expire(base::SteadyTime now) {
  std::vector<std::shared_ptr<Wait>> late;
  {
    base::MutexLock lock(mutex_);
    std::erase_if(waits_, [&](const auto& wait) {
      if (wait->answered) return true;
      if (wait->deadline > now) return false;
      late.push_back(wait);
      return true;
    });
  }
  for (const auto& wait : late)
    if (!wait->answered.exchange(true))
      wait->reply(error_response(
          {base::ErrorCode::kTimeout,
           fmt::format("job '{}' has not ended yet", wait->job_id),
           {},
           {}}
      ));
}

}  // namespace mlgraph::gateway
