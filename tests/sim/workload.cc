#include "sim/workload.h"

#include "base/json.h"

namespace mlgraph::sim {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using model::Alert;
using model::Draft;
using model::Index;
using model::Job;
using model::ShardState;
using store::Decision;

template <typename T>
std::string json_of(const T& value) {
  std::string text;
  base::JsonWriter out(text);
  model::write(out, value);
  return text;
}

void log_index(Decision& decision, EventKind kind, const Index& index) {
  std::string data;
  base::JsonWriter out(data);
  out.object([&] {
    model::write_members(out, index);
    out.member("index", index.index_id);
    if (kind == EventKind::kIndexUpdated) {
      out.key("changed");
      out.array([&] { out.value("vectors"); });
    }
  });
  decision.log({kind, index.index_id, index.index_id, data, {}});
}

void log_job(Decision& decision, EventKind kind, const Job& job) {
  decision.log({kind, job.job_id, job.index, json_of(job), {}});
}

void log_alert(Decision& decision, EventKind kind, const Alert& alert) {
  decision.log({kind, alert.alert_id, alert.index, json_of(alert), {}});
}

Result<void> create_index(Decision& decision, Random& random) {
  Index index;
  index.index_id = random.one_of(kIndices);
  if (decision.state().index(index.index_id))
    return fail(ErrorCode::kConflict, "index '{}' exists", index.index_id);
  index.dimension = 4;
  index.created_at = decision.now();
  const auto shards = static_cast<std::uint32_t>(random.between(1, 3));
  for (std::uint32_t i = 0; i < shards; ++i) {
    model::Shard shard;
    shard.shard = i;
    shard.node = kNode;
    shard.since = decision.now();
    index.shards.push_back(shard);
  }
  log_index(decision, EventKind::kIndexCreated, index);
  return {};
}

Result<Index> some_index(const Decision& decision, Random& random) {
  std::string name = random.one_of(kIndices);
  if (!decision.state().index(name)) name = random.one_of(kIndices);
  const auto record = decision.state().index(name);
  if (!record) return fail(ErrorCode::kNotFound, "there is no index '{}'", name);
  return record->object;
}

Result<void> update_index(Decision& decision, Random& random) {
  MLG_TRY(index, some_index(decision, random));
  auto& shard = index.shards[random.below(index.shards.size())];
  shard.vectors += random.between(1, 1'000);
  shard.bytes = shard.vectors * 16;
  index.vectors = index.bytes = 0;
  for (const auto& each : index.shards) {
    index.vectors += each.vectors;
    index.bytes += each.bytes;
  }
  log_index(decision, EventKind::kIndexUpdated, index);
  return {};
}

/// Its jobs end and its alerts are resolved first: index.deleted is its last event.
Result<void> delete_index(Decision& decision, Random& random) {
  MLG_TRY(index, some_index(decision, random));
  for (const auto& [id, running] : decision.state().jobs()) {
    if (running->index != index.index_id || running->ended()) continue;
    Job job = *running;
    job.state = model::JobState::kFailed;
    job.error_code = "cancelled";
    job.error_message = "its index was deleted";
    job.finished_at = decision.now();
    log_job(decision, EventKind::kJobFailed, job);
  }
  for (const auto& [id, open] : decision.state().alerts()) {
    if (open->index != index.index_id) continue;
    Alert alert = *open;
    alert.open = false;
    alert.severity = model::Severity::kResolved;
    log_alert(decision, EventKind::kAlertResolved, alert);
  }
  log_index(decision, EventKind::kIndexDeleted, index);
  return {};
}

Result<void> move_shard(Decision& decision, Random& random) {
  MLG_TRY(index, some_index(decision, random));
  const auto& shard = index.shards[random.below(index.shards.size())];
  model::ShardTransition move;
  move.index = index.index_id;
  move.shard = shard.shard;
  move.node = shard.node;
  move.from_tier = shard.tier;
  move.from_state = shard.state;
  move.to_tier = static_cast<model::Tier>(random.below(4));
  move.to_state = static_cast<ShardState>(random.below(7));
  move.vectors = shard.vectors;
  if (!model::is_legal_move(move.from_state, move.to_state))
    return fail(ErrorCode::kConflict, "that is no legal move");
  // A bug of whoever decides: no such shard. The committer refuses what does not apply.
  if (random.one_in(10)) move.shard = 99;
  decision.log(
      {EventKind::kIndexShardTransition,
       index.index_id,
       index.index_id,
       json_of(move),
       "{\"part\":1}"}
  );
  return {};
}

Result<void> start_job(Decision& decision, Random& random) {
  Job job;
  job.job_id = "import-" + std::to_string(random.between(1, 6));
  const auto old = decision.state().job(job.job_id);
  if (old && !old->ended()) return fail(ErrorCode::kConflict, "'{}' runs", job.job_id);
  // A job keeps its index for life, also when its name is used again.
  job.index = old ? old->index : random.one_in(3) ? std::string() : random.one_of(kIndices);
  job.job_type = "import";
  job.phase = "reading";
  job.state = model::JobState::kRunning;
  job.started_at = decision.now();
  log_job(decision, EventKind::kJobStarted, job);
  return {};
}

Result<void> advance_job(Decision& decision, Random& random) {
  const auto& jobs = decision.state().jobs();
  if (jobs.empty()) return {};  // nothing to log
  auto at = jobs.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random.below(jobs.size())));
  Job job = *at->second;
  if (job.ended()) return {};
  const auto chance = random.below(10);
  if (chance < 7) {
    job.progress = std::min(1.0, job.progress.value_or(0) + 0.125);
    job.processed += random.between(1, 100);
    job.rate = 12.5;
    log_job(decision, EventKind::kJobProgress, job);
    return {};
  }
  job.finished_at = decision.now();
  if (chance < 9) {
    job.progress = 1;
    log_job(decision, EventKind::kJobProgress, job);
    job.state = model::JobState::kCompleted;
    log_job(decision, EventKind::kJobCompleted, job);
    return {};
  }
  job.state = model::JobState::kFailed;
  job.error_code = "interrupted";
  job.error_message = "cut by chance";
  job.errors.push_back({random.below(1'000), "a bad row"});
  log_job(decision, EventKind::kJobFailed, job);
  return {};
}

Result<void> raise_alert(Decision& decision, Random& random, bool large) {
  Alert alert;
  const auto number = random.between(1, 4);
  alert.alert_id = "alert-" + std::to_string(number);
  const auto open = decision.state().alert(alert.alert_id);
  if (open) {
    alert = *open;
  } else {
    alert.since = decision.now();
    alert.index = number > 2 ? std::string() : kIndices[number];
    alert.title = "High memory usage";
    alert.rule = "memory";
    alert.metadata = base::Json(base::Json::Object{{"value", base::Json(0.85)}});
  }
  alert.message = large ? std::string(random.between(10'000, 60'000), 'x') : "memory at 85%";
  if (open && random.one_in(3)) {
    alert.open = false;
    alert.severity = model::Severity::kResolved;
    log_alert(decision, EventKind::kAlertResolved, alert);
    return {};
  }
  const bool worse = random.one_in(2);
  alert.severity = worse ? model::Severity::kError : model::Severity::kWarning;
  log_alert(decision, worse ? EventKind::kAlertError : EventKind::kAlertWarning, alert);
  return {};
}

Result<void> limit_rate(Decision& decision) {
  Alert alert;
  alert.alert_id = "rate-limit-w1";
  alert.severity = model::Severity::kRateLimit;
  alert.title = "Rate limited";
  alert.message = "w1 was refused";
  alert.metadata = base::Json(base::Json::Object{{"token", base::Json(std::string("w1"))}});
  alert.rule = "rate_limit";
  alert.since = decision.now();
  alert.open = false;
  log_alert(decision, EventKind::kAlertRateLimit, alert);
  return {};
}

Result<void> decide(Decision& decision, std::uint64_t dice, bool large_alerts) {
  Random random(dice);
  switch (random.below(16)) {
    case 0:
    case 1:
      return create_index(decision, random);
    case 2:
    case 3:
    case 4:
      return update_index(decision, random);
    case 5:
      return random.one_in(2) ? delete_index(decision, random) : update_index(decision, random);
    case 6:
    case 7:
      return move_shard(decision, random);
    case 8:
    case 9:
      return start_job(decision, random);
    case 10:
    case 11:
    case 12:
      return advance_job(decision, random);
    case 13:
    case 14:
      return raise_alert(decision, random, large_alerts && random.one_in(2));
    default:
      return limit_rate(decision);
  }
}

}  // namespace

store::Command random_command(Random& random, bool large_alerts) {
  const auto dice = random.next();
  return [dice, large_alerts](Decision& decision) { return decide(decision, dice, large_alerts); };
}

}  // namespace mlgraph::sim
