#pragma once
// Plain events to log, and a fold written out so that two of them can be compared.
#include <string>

#include "base/json.h"
#include "model/fold.h"

namespace mlgraph::testing {

template <typename Object>
[[nodiscard]] std::string json_of(const Object& object) {
  std::string text;
  base::JsonWriter out(text);
  write(out, object);
  return text;
}

[[nodiscard]] inline model::Index an_index(const std::string& name, std::uint32_t shards = 1) {
  model::Index index;
  index.index_id = name;
  index.dimension = 4;
  index.created_at = {1'700'000'000'000};
  for (std::uint32_t i = 0; i < shards; ++i) {
    model::Shard shard;
    shard.shard = i;
    shard.node = "n1";
    index.shards.push_back(shard);
  }
  return index;
}

[[nodiscard]] inline model::Draft index_event(
    model::EventKind kind, const model::Index& index, std::string private_json = {}
) {
  return {kind, index.index_id, index.index_id, json_of(index), std::move(private_json)};
}
[[nodiscard]] inline model::Draft created(const std::string& name, std::uint32_t shards = 1) {
  return index_event(model::EventKind::kIndexCreated, an_index(name, shards));
}

[[nodiscard]] inline model::Draft moved(
    const std::string& index,
    std::uint32_t shard,
    model::ShardState to,
    std::uint64_t vectors,
    std::string private_json = {}
) {
  model::ShardTransition move;
  move.index = index;
  move.shard = shard;
  move.node = "n1";
  move.to_state = to;
  move.vectors = vectors;
  return {
      model::EventKind::kIndexShardTransition,
      index,
      index,
      json_of(move),
      std::move(private_json)};
}

[[nodiscard]] inline model::Job a_job(const std::string& id, const std::string& index = {}) {
  model::Job job;
  job.job_id = id;
  job.job_type = "import";
  job.index = index;
  job.phase = "writing";
  job.state = model::JobState::kRunning;
  job.started_at = {1'700'000'000'000};
  return job;
}
[[nodiscard]] inline model::Draft job_event(model::EventKind kind, const model::Job& job) {
  return {kind, job.job_id, job.index, json_of(job), {}};
}
/// job.progress of a job that counts: what a test numbers its entries by.
[[nodiscard]] inline model::Draft progress(const std::string& id, std::uint64_t processed) {
  auto job = a_job(id);
  job.processed = processed;
  return job_event(model::EventKind::kJobProgress, job);
}

[[nodiscard]] inline model::Alert an_alert(const std::string& id, const std::string& index = {}) {
  model::Alert alert;
  alert.alert_id = id;
  alert.title = "High memory usage";
  alert.message = "Node n1 memory at 85%";
  alert.metadata = base::Json(base::Json::Object{{"value", base::Json(0.85)}});
  alert.rule = "memory";
  alert.since = {1'700'000'000'000};
  alert.index = index;
  return alert;
}
[[nodiscard]] inline model::Draft alert_event(model::EventKind kind, const model::Alert& alert) {
  return {kind, alert.alert_id, alert.index, json_of(alert), {}};
}

/// Everything a fold shows, one object a line: equal text, equal state.
[[nodiscard]] inline std::string text_of(const model::Fold& fold) {
  std::string text = fmt::format(
      "seq {} at {} next {}\n", fold.seq(), fold.timestamp().ms, fold.next_index_number()
  );
  for (const auto& [id, record] : fold.indices()) {
    text += fmt::format(
        "index {} #{} {} {}", id, record->number, json_of(record->object), record->private_json
    );
    for (const auto& [shard, part] : record->parts) text += fmt::format(" {}={}", shard, part);
    text += '\n';
  }
  for (const auto& [id, job] : fold.jobs()) text += fmt::format("job {} {}\n", id, json_of(*job));
  for (const auto& [id, alert] : fold.alerts())
    text += fmt::format("alert {} {}\n", id, json_of(*alert));
  return text;
}

}  // namespace mlgraph::testing
