#pragma once
// An index and its shards as clients see them: the same object in events, state and REST.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::model {

/// How a shard's data is held.
enum class Tier : std::uint8_t { kIdmap, kIvf, kOndisk, kMerged };
/// Who may use a shard.
enum class ShardState : std::uint8_t {
  kInitializing,
  kActive,
  kTraining,
  kMigrating,
  kReadonly,
  kRecovering,
  kDead
};
enum class Metric : std::uint8_t { kL2, kInnerProduct, kCosine };
enum class Reason : std::uint8_t {
  kThresholdReached,
  kMerge,
  kCompaction,
  kManual,
  kNodeJoined,
  kNodeLeft,
  kDiskGuard,
  kMemoryGuard,
  kGuardCleared,
  kRestart,
  kLoadFailed
};

[[nodiscard]] std::string_view name_of(Tier tier);         ///< "idmap", "ivf", "ondisk", "merged"
[[nodiscard]] std::string_view name_of(ShardState state);  ///< "initializing", …
[[nodiscard]] std::string_view name_of(Metric metric);     ///< "L2", "IP", "COSINE"
[[nodiscard]] std::string_view name_of(Reason reason);     ///< "threshold_reached", …
[[nodiscard]] std::optional<Tier> parse_tier(std::string_view name);
[[nodiscard]] std::optional<ShardState> parse_shard_state(std::string_view name);
[[nodiscard]] std::optional<Metric> parse_metric(std::string_view name);
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view name);

/// The legal moves of PROTOCOL §3; another one is a bug. Staying in the same state is legal when
/// the tier changes.
[[nodiscard]] bool is_legal_move(ShardState from, ShardState to);
[[nodiscard]] bool is_readable(ShardState state);
[[nodiscard]] bool is_writable(ShardState state);

struct Shard {
  std::uint32_t shard = 0;
  std::string node;
  Tier tier = Tier::kIdmap;
  ShardState state = ShardState::kActive;
  std::uint64_t vectors = 0;  ///< live ones, as of the index's last durable event
  std::uint64_t bytes = 0;
  base::Timestamp since;  ///< of the tier and state
  bool operator==(const Shard&) const = default;
};

/// Live vectors of one shard (compaction: percent of tombstones) at which the next tier is begun.
struct Tiering {
  std::uint64_t idmap_to_ivf = 10'000;
  std::uint64_t ivf_to_ondisk = 1'000'000;
  std::uint64_t merge = 10'000'000;
  std::uint32_t compaction_percent = 20;
  bool operator==(const Tiering&) const = default;
};

struct Index {
  std::string index_id;
  std::uint32_t dimension = 0;  ///< 1..16,384
  Metric metric_type = Metric::kL2;
  std::string index_type = "auto";  ///< auto | IDMap | IVFFlat
  std::uint32_t num_centroids = 0;  ///< 0: chosen at training
  std::string quantization = "none";
  std::uint32_t nprobe = 0;  ///< 0: calibrated at training for recall@10 >= 0.95
  Tiering tiering;
  std::uint64_t vectors = 0;
  std::uint64_t deleted = 0;  ///< tombstones not yet compacted
  std::uint64_t bytes = 0;
  base::Timestamp created_at;
  std::vector<Shard> shards;
  bool operator==(const Index&) const = default;
};

void write(base::JsonWriter& out, const Tiering& tiering);
void write(base::JsonWriter& out, const Shard& shard);
/// The members of the index object, without braces: callers add `index` (events) and `changed`.
void write_members(base::JsonWriter& out, const Index& index);
void write(base::JsonWriter& out, const Index& index);
/// Reads back what write_members wrote. errors kCorrupt.
[[nodiscard]] base::Result<Index> parse_index(const base::Json& object);

/// index.shard_transition's data.
struct ShardTransition {
  std::string index;
  std::uint32_t shard = 0;
  std::string node;
  Tier from_tier = Tier::kIdmap;
  ShardState from_state = ShardState::kActive;
  Tier to_tier = Tier::kIdmap;
  ShardState to_state = ShardState::kActive;
  Reason reason = Reason::kManual;
  std::uint64_t vectors = 0;
  std::int64_t duration_ms =
      0;               ///< since the shard entered `from`'s state (end events: of the move)
  std::string job_id;  ///< empty: no job did it
};
void write(base::JsonWriter& out, const ShardTransition& move);
[[nodiscard]] base::Result<ShardTransition> parse_shard_transition(const base::Json& object);

}  // namespace mlgraph::model
