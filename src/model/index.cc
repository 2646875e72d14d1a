#include "model/index.h"

#include "model/enum_names.h"
#include "model/fields.h"

namespace mlgraph::model {
namespace {
constexpr EnumNames<Tier, 4> kTiers{{"idmap", "ivf", "ondisk", "merged"}};
constexpr EnumNames<ShardState, 7> kShardStates{
    {"initializing", "active", "training", "migrating", "readonly", "recovering", "dead"}};
constexpr EnumNames<Metric, 3> kMetrics{{"L2", "IP", "COSINE"}};
constexpr EnumNames<Reason, 11> kReasons{
    {"threshold_reached",
     "merge",
     "compaction",
     "manual",
     "node_joined",
     "node_left",
     "disk_guard",
     "memory_guard",
     "guard_cleared",
     "restart",
     "load_failed"}};

base::Result<Shard> parse_shard(const base::Json& object) {
  Fields fields(object);
  Shard shard;
  shard.shard = fields.natural<std::uint32_t>("shard");
  shard.node = fields.text("node");
  shard.tier = fields.name("tier", parse_tier);
  shard.state = fields.name("state", parse_shard_state);
  shard.vectors = fields.natural("vectors");
  shard.bytes = fields.natural("bytes");
  shard.since = fields.time("since");
  MLG_TRY_VOID(fields.check("shard"));
  return shard;
}

base::Result<Tiering> parse_tiering(const base::Json& object) {
  Fields fields(object);
  Tiering tiering;
  tiering.idmap_to_ivf = fields.natural("idmap_to_ivf");
  tiering.ivf_to_ondisk = fields.natural("ivf_to_ondisk");
  tiering.merge = fields.natural("merge");
  tiering.compaction_percent = fields.natural<std::uint32_t>("compaction_percent");
  MLG_TRY_VOID(fields.check("tiering"));
  return tiering;
}

void write_place(base::JsonWriter& out, std::string_view key, Tier tier, ShardState state) {
  out.key(key);
  out.object([&] {
    out.member("tier", name_of(tier));
    out.member("state", name_of(state));
  });
}
}  // namespace

std::string_view name_of(Tier tier) { return kTiers[tier]; }
std::string_view name_of(ShardState state) { return kShardStates[state]; }
std::string_view name_of(Metric metric) { return kMetrics[metric]; }
std::string_view name_of(Reason reason) { return kReasons[reason]; }
std::optional<Tier> parse_tier(std::string_view name) { return kTiers.parse(name); }
std::optional<ShardState> parse_shard_state(std::string_view name) {
  return kShardStates.parse(name);
}
std::optional<Metric> parse_metric(std::string_view name) { return kMetrics.parse(name); }
std::optional<Reason> parse_reason(std::string_view name) { return kReasons.parse(name); }

bool is_legal_move(ShardState from, ShardState to) {
  using enum ShardState;
  if (to == kRecovering || to == kDead) return from != to;
  switch (from) {
    case kInitializing:
      return to == kActive;
    case kActive:
      return to == kTraining || to == kMigrating || to == kReadonly;
    case kTraining:
    case kMigrating:
      return to == kActive || to == kReadonly;
    case kReadonly:
      return to == kActive || to == kTraining || to == kMigrating;
    case kRecovering:
      return to == kActive || to == kReadonly;
    case kDead:
      return false;  // only to recovering, above
  }
  return false;
}

bool is_readable(ShardState state) {
  using enum ShardState;
  return state == kActive || state == kTraining || state == kMigrating || state == kReadonly;
}

bool is_writable(ShardState state) {
  using enum ShardState;
  return state == kActive || state == kTraining || state == kMigrating;
}

void write(base::JsonWriter& out, const Tiering& tiering) {
  out.object([&] {
    out.member("idmap_to_ivf", tiering.idmap_to_ivf);
    out.member("ivf_to_ondisk", tiering.ivf_to_ondisk);
    out.member("merge", tiering.merge);
    out.member("compaction_percent", tiering.compaction_percent);
  });
}

void write(base::JsonWriter& out, const Shard& shard) {
  out.object([&] {
    out.member("shard", shard.shard);
    out.member("node", shard.node);
    out.member("tier", name_of(shard.tier));
    out.member("state", name_of(shard.state));
    out.member("vectors", shard.vectors);
    out.member("bytes", shard.bytes);
    out.member("since", base::format_timestamp(shard.since));
  });
}

void write_members(base::JsonWriter& out, const Index& index) {
  out.member("index_id", index.index_id);
  out.member("dimension", index.dimension);
  out.member("metric_type", name_of(index.metric_type));
  out.member("index_type", index.index_type);
  out.member("num_shards", index.shards.size());
  out.member("num_centroids", index.num_centroids);
  out.member("quantization", index.quantization);
  out.member("nprobe", index.nprobe);
  out.key("tiering");
  write(out, index.tiering);
  out.member("vectors", index.vectors);
  out.member("deleted", index.deleted);
  out.member("bytes", index.bytes);
  out.member("created_at", base::format_timestamp(index.created_at));
  out.key("shards");
  out.array([&] {
    for (const auto& shard : index.shards) write(out, shard);
  });
}

void write(base::JsonWriter& out, const Index& index) {
  out.object([&] { write_members(out, index); });
}

base::Result<Index> parse_index(const base::Json& object) {
  Fields fields(object);
  Index index;
  index.index_id = fields.text("index_id");
  index.dimension = fields.natural<std::uint32_t>("dimension");
  index.metric_type = fields.name("metric_type", parse_metric);
  index.index_type = fields.text("index_type");
  index.num_centroids = fields.natural<std::uint32_t>("num_centroids");
  index.quantization = fields.text("quantization");
  index.nprobe = fields.natural<std::uint32_t>("nprobe");
  index.vectors = fields.natural("vectors");
  index.deleted = fields.natural("deleted");
  index.bytes = fields.natural("bytes");
  index.created_at = fields.time("created_at");
  const auto& tiering = fields.child("tiering");
  const auto& shards = fields.child("shards");
  MLG_TRY_VOID(fields.check("index"));
  MLG_TRY(parsed_tiering, parse_tiering(tiering));
  index.tiering = parsed_tiering;
  if (!shards.as_array())
    return base::fail(base::ErrorCode::kCorrupt, "stored index lacks its shards");
  for (const auto& item : *shards.as_array()) {
    MLG_TRY(shard, parse_shard(item));
    index.shards.push_back(std::move(shard));
  }
  return index;
}

void write(base::JsonWriter& out, const ShardTransition& move) {
  out.object([&] {
    out.member("index", move.index);
    out.member("shard", move.shard);
    out.member("node", move.node);
    write_place(out, "from", move.from_tier, move.from_state);
    write_place(out, "to", move.to_tier, move.to_state);
    out.member("reason", name_of(move.reason));
    out.member("vectors", move.vectors);
    out.member("duration_ms", move.duration_ms);
    if (!move.job_id.empty()) out.member("jobId", move.job_id);
  });
}

base::Result<ShardTransition> parse_shard_transition(const base::Json& object) {
  Fields fields(object);
  ShardTransition move;
  move.index = fields.text("index");
  move.shard = fields.natural<std::uint32_t>("shard");
  move.node = fields.text("node");
  Fields from(fields.child("from"));
  Fields to(fields.child("to"));
  move.from_tier = from.name("tier", parse_tier);
  move.from_state = from.name("state", parse_shard_state);
  move.to_tier = to.name("tier", parse_tier);
  move.to_state = to.name("state", parse_shard_state);
  move.reason = fields.name("reason", parse_reason);
  move.vectors = fields.natural("vectors");
  move.duration_ms = fields.natural<std::int64_t>("duration_ms");
  move.job_id = fields.maybe_text("jobId");
  MLG_TRY_VOID(fields.check("shard transition"));
  MLG_TRY_VOID(from.check("shard transition"));
  MLG_TRY_VOID(to.check("shard transition"));
  return move;
}

}  // namespace mlgraph::model
