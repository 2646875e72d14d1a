#include "model/fold.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace mlgraph::model {
namespace {

/// The member of a stored job that clients do not see.
constexpr std::string_view kPrivate = "private";
/// Keys that earlier versions wrote; the jobs themselves say it.
constexpr std::string_view kFormerPrefix = "ended/";

base::Timestamp end_of(const Job& job) { return job.finished_at.value_or(base::Timestamp{}); }

template <typename Map>
auto find_or_null(const Map& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? typename Map::mapped_type{} : it->second;
}

template <typename Object>
std::string to_json(const Object& object) {
  std::string text;
  base::JsonWriter out(text);
  write(out, object);
  return text;
}

std::string record_json(const IndexRecord& record) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("object");
    write(out, record.object);
    out.member("number", record.number);
    out.member("private", record.private_json);
    out.key("parts");
    out.object([&] {
      for (const auto& [shard, part] : record.parts) out.member(std::to_string(shard), part);
    });
  });
  return text;
}

base::Result<IndexRecord> parse_record(const base::Json& json) {
  IndexRecord record;
  const auto* object = json.find("object");
  const auto* number = json.find("number");
  const auto* hidden = json.find("private");
  const auto* parts = json.find("parts");
  if (!object || !number || !number->as_uint() || !hidden || !hidden->as_string() || !parts ||
      !parts->as_object())
    return base::fail(base::ErrorCode::kCorrupt, "a stored index record lacks members");
  MLG_TRY(index, parse_index(*object));
  record.object = std::move(index);
  record.number = static_cast<std::uint32_t>(*number->as_uint());
  record.private_json = *hidden->as_string();
  for (const auto& [shard, part] : *parts->as_object()) {
    std::uint32_t value = 0;
    std::from_chars(shard.data(), shard.data() + shard.size(), value);
    if (part.as_string()) record.parts[value] = *part.as_string();
  }
  return record;
}

}  // namespace

base::Result<void> Fold::apply(const Entry& entry) {
  MLG_TRY(data, base::parse_json(data_of(entry), {.depth_max = 64, .members_max = 1 << 20}));
  switch (family_of(entry.kind)) {
    case Family::kIndex:
      if (entry.kind == EventKind::kIndexShardTransition) {
        MLG_TRY_VOID(apply_transition(entry, data));
      } else {
        MLG_TRY_VOID(apply_index(entry, data));
      }
      break;
    case Family::kJob: {
      MLG_TRY_VOID(apply_job(entry, data));
      break;
    }
    case Family::kAlert: {
      MLG_TRY_VOID(apply_alert(entry, data));
      break;
    }
    case Family::kMetrics:
      return base::fail(base::ErrorCode::kCorrupt, "a metric in the log at seq {}", entry.seq);
  }
  seq_ = entry.seq;
  timestamp_ = entry.timestamp;
  touch("meta");
  return {};
}

base::Result<void> Fold::apply_index(const Entry& entry, const base::Json& data) {
  MLG_TRY(object, parse_index(data));
  const std::string id = object.index_id;
  touch("index/" + id);
  if (entry.kind == EventKind::kIndexDeleted) {
    indices_.erase(id);
    forget_jobs_of_deleted();
    return {};
  }
  IndexRecord record;
  if (const auto old = index(id)) {
    record = *old;
  } else {
    record.number = next_index_number_++;
  }
  record.object = std::move(object);
  if (!entry.private_json.empty()) record.private_json = entry.private_json;
  indices_[id] = std::make_shared<const IndexRecord>(std::move(record));
  return {};
}

base::Result<void> Fold::apply_transition(const Entry& entry, const base::Json& data) {
  MLG_TRY(move, parse_shard_transition(data));
  const auto old = index(move.index);
  if (!old || move.shard >= old->object.shards.size())
    return base::fail(
        base::ErrorCode::kCorrupt, "transition of unknown shard {}/{}", move.index, move.shard
    );
  IndexRecord record = *old;
  Shard& shard = record.object.shards[move.shard];
  shard.tier = move.to_tier;
  shard.state = move.to_state;
  shard.node = move.node;
  shard.vectors = move.vectors;
  shard.since = entry.timestamp;
  std::uint64_t vectors = 0;
  for (const auto& each : record.object.shards) vectors += each.vectors;
  record.object.vectors = vectors;
  if (!entry.private_json.empty()) record.parts[move.shard] = entry.private_json;
  touch("index/" + move.index);
  indices_[move.index] = std::make_shared<const IndexRecord>(std::move(record));
  return {};
}

base::Result<void> Fold::apply_job(const Entry& entry, const base::Json& data) {
  MLG_TRY(job, parse_job(data));
  const std::string id = job.job_id;
  const std::string index = job.index;
  touch("job/" + id);
  if (!entry.private_json.empty())
    job_privates_[id] = std::make_shared<const std::string>(entry.private_json);
  put_job(id, std::make_shared<const Job>(std::move(job)));
  forget_old_jobs(index);
  return {};
}

base::Result<void> Fold::apply_alert(const Entry& entry, const base::Json& data) {
  if (entry.kind == EventKind::kAlertRateLimit) return {};  // momentary, never open
  MLG_TRY(alert, parse_alert(data));
  const std::string id = alert.alert_id;
  touch("alert/" + id);
  if (alert.open)
    alerts_[id] = std::make_shared<const Alert>(std::move(alert));
  else
    alerts_.erase(id);
  return {};
}

void Fold::put_job(const std::string& id, std::shared_ptr<const Job> job) {
  drop_job(id);
  if (job->ended()) {
    ended_[job->index].emplace(end_of(*job), id);
    job_privates_.erase(id);
  }
  jobs_[id] = std::move(job);
}

void Fold::drop_job(const std::string& id) {
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return;
  const auto& job = *it->second;
  if (const auto ended = ended_.find(job.index); ended != ended_.end()) {
    ended->second.erase({end_of(job), id});
    if (ended->second.empty()) ended_.erase(ended);
  }
  jobs_.erase(it);
}

void Fold::forget_old_jobs(const std::string& index) {
  const auto it = ended_.find(index);
  if (it == ended_.end()) return;
  for (auto over = it->second.size(); over > kEndedJobsPerIndex; --over) {
    const std::string id = it->second.begin()->second;
    touch("job/" + id);
    drop_job(id);
  }
}

// A deleted index's jobs stay to be looked at, but names must not pile up for ever. The one whose
// last job ended first goes first: when it was deleted, no object says.
void Fold::forget_jobs_of_deleted() {
  std::set<std::pair<base::Timestamp, std::string>> gone;
  for (const auto& [name, jobs] : ended_)
    if (!name.empty() && !indices_.contains(name)) gone.emplace(jobs.rbegin()->first, name);
  while (gone.size() > kDeletedIndicesWithJobs) {
    const auto jobs = ended_[gone.begin()->second];
    for (const auto& [at, id] : jobs) {
      touch("job/" + id);
      drop_job(id);
    }
    gone.erase(gone.begin());
  }
}

std::shared_ptr<const IndexRecord> Fold::index(const std::string& id) const {
  return find_or_null(indices_, id);
}
std::shared_ptr<const Job> Fold::job(const std::string& id) const {
  return find_or_null(jobs_, id);
}
std::shared_ptr<const Alert> Fold::alert(const std::string& id) const {
  return find_or_null(alerts_, id);
}

std::shared_ptr<const std::string> Fold::job_private(const std::string& id) const {
  return find_or_null(job_privates_, id);
}

std::string Fold::materialise(const std::string& key) const {
  if (key == "meta") {
    std::string text;
    base::JsonWriter out(text);
    out.object([&] {
      out.member("seq", seq_);
      out.member("timestamp_ms", timestamp_.ms);
      out.member("next_index_number", next_index_number_);
    });
    return text;
  }
  const auto slash = key.find('/');
  const auto kind = key.substr(0, slash);
  const auto id = key.substr(slash + 1);
  if (kind == "index") {
    const auto record = index(id);
    return record ? record_json(*record) : std::string();
  }
  if (kind == "job") {
    const auto found = job(id);
    std::string text = found ? to_json(*found) : std::string();
    if (const auto hidden = job_private(id); found && hidden) {
      text.back() = ',';  // one member more than clients see
      base::append_json_string(text, kPrivate);
      text += ':';
      base::append_json_string(text, *hidden);
      text += '}';
    }
    return text;
  }
  const auto found = alert(id);
  return found ? to_json(*found) : std::string();
}

void Fold::take_changes(const std::function<void(const std::string&, const std::string&)>& changed
) {
  for (const auto& key : touched_) changed(key, materialise(key));
  followed_.merge(touched_);
  touched_.clear();
}

void Fold::follow(Fold& newer) {
  const auto copy = [](auto& to, const auto& from, const std::string& key) {
    const auto it = from.find(key);
    if (it == from.end())
      to.erase(key);
    else
      to[key] = it->second;
  };
  for (const auto& key : newer.followed_) {
    const auto id = key.substr(key.find('/') + 1);
    if (key.starts_with("index/")) {
      copy(indices_, newer.indices_, id);
    } else if (key.starts_with("job/")) {
      copy(job_privates_, newer.job_privates_, id);
      if (auto job = newer.job(id))
        put_job(id, std::move(job));
      else
        drop_job(id);
    } else if (key.starts_with("alert/")) {
      copy(alerts_, newer.alerts_, id);
    }
  }
  newer.followed_.clear();
  seq_ = newer.seq_;
  timestamp_ = newer.timestamp_;
  next_index_number_ = newer.next_index_number_;
}

base::Result<void> Fold::load(const std::string& key, const std::string& value) {
  if (key.starts_with(kFormerPrefix)) return {};
  MLG_TRY(json, base::parse_json(value, {.depth_max = 64, .members_max = 1 << 24}));
  if (key == "meta") {
    const auto* seq = json.find("seq");
    const auto* at = json.find("timestamp_ms");
    const auto* next = json.find("next_index_number");
    if (!seq || !seq->as_uint() || !at || !at->as_int() || !next || !next->as_uint())
      return base::fail(base::ErrorCode::kCorrupt, "the stored state's head lacks members");
    seq_ = *seq->as_uint();
    timestamp_ = {*at->as_int()};
    next_index_number_ = static_cast<std::uint32_t>(*next->as_uint());
    return {};
  }
  if (key.starts_with("index/")) {
    MLG_TRY(record, parse_record(json));
    indices_[key.substr(6)] = std::make_shared<const IndexRecord>(std::move(record));
  } else if (key.starts_with("job/")) {
    MLG_TRY(job, parse_job(json));
    if (const auto* hidden = json.find(kPrivate); hidden && hidden->as_string())
      job_privates_[key.substr(4)] = std::make_shared<const std::string>(*hidden->as_string());
    put_job(key.substr(4), std::make_shared<const Job>(std::move(job)));
  } else if (key.starts_with("alert/")) {
    MLG_TRY(alert, parse_alert(json));
    alerts_[key.substr(6)] = std::make_shared<const Alert>(std::move(alert));
  } else {
    return base::fail(base::ErrorCode::kCorrupt, "unknown stored state key");
  }
  return {};
}

}  // namespace mlgraph::model
