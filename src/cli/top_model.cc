#include "cli/top_model.h"

#include <algorithm>

#include "cli/follow.h"
#include "cli/json_view.h"

namespace mlgraph::cli {

using base::Json;
using base::Timestamp;

namespace {

constexpr std::int64_t kFreshMs = 3'000;

Timestamp time_of(const Json& object) {
  return base::parse_timestamp(text_of(object, "timestamp")).value_or(Timestamp{});
}

}  // namespace

bool TopModel::is_fresh(Timestamp sampled) const { return now_.ms - sampled.ms < kFreshMs; }

void TopModel::set_connected(bool connected, std::string reason) {
  connected_ = connected;
  why_not_ = std::move(reason);
  state_begins_ = true;  // an unfinished one begins anew
}

void TopModel::take(std::string_view type, const Json& message) {
  const auto at = time_of(message);
  now_ = std::max(now_, at);
  const auto& data = child(message, "data");
  if (type == "state") {
    take_state(data);
  } else if (type.starts_with("metrics.")) {
    take_metrics(type, data, at);
  } else if (type == "index.shard_transition") {
    auto& index = indices_[text_of(data, "index")];
    const auto shard = count_of(data, "shard");
    index.shard_tiers[shard] = text_of(child(data, "to"), "tier");
    index.shard_states[shard] = text_of(child(data, "to"), "state");
  } else if (type == "index.deleted") {
    indices_.erase(text_of(data, "index"));
  } else if (type.starts_with("index.")) {
    take_index(data);
  } else if (type.starts_with("job.")) {
    take_job(data);
  } else if (type.starts_with("alert.") && type != "alert.rate_limit") {
    if (text_of(data, "state") == "open")
      alerts_[text_of(data, "alertId")] = data;
    else
      alerts_.erase(text_of(data, "alertId"));
  }
}

void TopModel::take_state(const Json& data) {
  if (state_begins_) {
    indices_.clear();
    jobs_.clear();
    alerts_.clear();
  }
  for (const auto& index : items_of(data, "indices")) take_index(index);
  for (const auto& job : items_of(data, "jobs")) take_job(job);
  for (const auto& alert : items_of(data, "alerts")) alerts_[text_of(alert, "alertId")] = alert;
  for (const auto& sample : items_of(data, "metrics"))
    take_metrics(text_of(sample, "type"), sample, time_of(sample));
  const auto* last = child(data, "last").as_bool();
  state_begins_ = last && *last;
  has_state_ = has_state_ || state_begins_;
}

void TopModel::take_index(const Json& object) {
  auto& index = indices_[text_of(object, "index_id")];
  index.vectors = count_of(object, "vectors");
  index.bytes = number_of(object, "bytes");
  for (const auto& shard : items_of(object, "shards")) {
    index.shard_tiers[count_of(shard, "shard")] = text_of(shard, "tier");
    index.shard_states[count_of(shard, "shard")] = text_of(shard, "state");
  }
}

void TopModel::take_metrics(std::string_view type, const Json& data, Timestamp at) {
  if (type == "metrics.system") {
    system_ = data;
    return;
  }
  const auto found = indices_.find(text_of(data, "index"));
  if (found == indices_.end()) return;
  auto& index = found->second;
  if (type == "metrics.index") {
    index.vectors = count_of(data, "vectors");
    index.bytes = number_of(data, "bytes");
  } else if (type == "metrics.search") {
    index.qps = number_of(data, "qps");
    index.p50_ms = number_of(data, "latency_p50_ms");
    index.p99_ms = number_of(data, "latency_p99_ms");
    index.searched = at;
  } else if (type == "metrics.ingest") {
    index.rows_per_second = number_of(data, "rate");
    index.written = at;
  }
}

void TopModel::take_job(const Json& job) {
  if (has_ended(job))
    jobs_.erase(text_of(job, "jobId"));
  else
    jobs_[text_of(job, "jobId")] = job;
}

}  // namespace mlgraph::cli
