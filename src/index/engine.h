#pragma once
// Named vector indices: the door of this module. FAISS stays behind it.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "index/filter.h"
#include "metrics/server_metrics.h"
#include "model/index.h"
#include "store/committer.h"
#include "store/vector_store.h"

namespace mlgraph::index {

inline constexpr std::uint32_t kDimensionMax = 16'384;
inline constexpr std::uint32_t kShardsMax = 64;
inline constexpr std::uint32_t kSearchKMax = 10'000;
inline constexpr std::size_t kVectorIdMax = 128;
inline constexpr std::size_t kMetadataMax = 16 * 1024;

/// Rows to write: one block of values beside ids and metadata. Validated by check_rows before
/// anything is written.
struct RowsView {
  std::uint32_t dimension = 0;
  std::span<const float> values;          ///< [rows, dim]
  std::span<const std::string_view> ids;  ///< [rows]
  std::span<const std::string_view>
      metadata;  ///< [rows] JSON objects or empty; may be empty as a whole
};

struct SearchRequest {
  std::span<const float> query;         ///< [dim], finite
  std::uint32_t k = 10;                 ///< 1..kSearchKMax
  std::optional<std::uint32_t> nprobe;  ///< used as given; else the index's, else as calibrated
  std::optional<std::uint32_t> ef;      ///< near vertices kept in a graph; else as calibrated
  const Filter* filter = nullptr;       ///< borrowed for the call
  bool exact = false;
  bool with_metadata = true;
  bool with_values = false;
};

struct Hit {
  std::string id;
  double distance = 0;   ///< squared L2, 1 - cosine, or -dot: ascending is nearer; finite, and a
                         ///< 32-bit number unless it lies beyond those
  std::string metadata;  ///< JSON object; empty: none or not asked for
  std::vector<float> values;
};

struct SearchAnswer {
  std::vector<Hit> hits;      ///< ascending distance, ties by id
  std::uint64_t scanned = 0;  ///< vectors whose distance was computed
};

struct VectorRecord {
  std::string id;
  std::vector<float> values;
  std::string metadata;
};

struct ScrollPage {
  std::vector<VectorRecord> vectors;
  std::string next;  ///< pass as `after`; empty: the end
};

/// Live counts of one index (events carry those of the last durable event).
struct ShardStats {
  std::uint32_t shard = 0;
  model::Tier tier = model::Tier::kIdmap;
  model::ShardState state = model::ShardState::kActive;
  std::uint64_t vectors = 0, deleted = 0, bytes = 0, head_vectors = 0;
};
struct IndexStats {
  std::string index;
  std::uint64_t vectors = 0, deleted = 0, bytes = 0;
  std::vector<ShardStats> shards;
};

/// Watches one resealing step by step. `on_progress(phase, fraction)` returns false to cancel.
using ResealProgress = std::function<bool(std::string_view phase, double fraction)>;

/// Why a shard's rows are arranged anew.
enum class Resealing : std::uint8_t {
  kTrain,    ///< idmap -> ivf, or anew in the tier it is in
  kMigrate,  ///< ivf -> ondisk
  kMerge,    ///< all shards, ondisk -> merged, or anew
  kCompact   ///< without its dead rows, in the tier it is in
};
/// What the thresholds ask for.
struct DueResealing {
  Resealing kind = Resealing::kTrain;
  std::vector<std::uint32_t> shards;  ///< of those that go together one
};

/// Place      one per server.
/// Invariant  a vector answered as written is durable and visible to every later search; sealed
/// parts are immutable. Threads    shared: searches run in parallel with writes and swaps; writes
/// to one shard take turns. Errors     kNotFound, kConflict, kInvalidValue, kInvalidVector,
/// kRecovering, kReadonly, kNoSpace, kOverloaded.
class Engine {
 public:
  class Impl;  ///< for this module's own files
  struct Options {
    std::string node = "n1";
    std::string data_dir;  ///< sealed parts go to <data_dir>/parts
    std::size_t train_threads = 2;
    std::uint64_t memory_max_bytes =
        0;  ///< 0: no limit of its own; else writes answer kNoSpace beyond it
  };
  Engine(
      store::VectorStore& vectors,
      store::Committer& committer,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock,
      Options options
  );
  ~Engine();

  /// Called after each write that leaves an active shard at or over a threshold, so often:
  /// be quick unless there is something to begin. Any thread; may block for a commit.
  void on_threshold(std::function<void(const std::string& index, std::uint32_t shard)> callback);
  /// Loads every index of the state from disk: shards go recovering -> active (reason restart), or
  /// readonly while a guard stands; damaged parts are rebuilt (load_failed). Also picks up
  /// thresholds crossed before the stop.
  [[nodiscard]] base::Result<void> recover();

  /// While a guard stands, all shards of this node are readonly (reason kDiskGuard or
  /// kMemoryGuard): upserts, imports, trainings and new indices answer kReadonly; searches,
  /// deletions and changed settings go on, and a training that is under way gives up. nullopt: none
  /// stands, shards go back to active (kGuardCleared) and thresholds are looked at again. Call it
  /// again and again: it finishes what could not be logged before. Blocks for a commit when
  /// something changes.
  void guard(std::optional<model::Reason> reason);
  /// Whether rows could be written now, for those who would first have to receive them. errors
  /// kNotFound, kReadonly, kRecovering.
  [[nodiscard]] base::Result<void> check_writable(const std::string& id) const;

  /// Validates and commits index.created. `spec`: the request's JSON (PROTOCOL §4). errors
  /// kConflict if it exists, kReadonly under a guard.
  [[nodiscard]] base::Result<model::Index> create(const base::Json& spec);
  /// What create() commits, for whoever logs more along with it. errors as create().
  [[nodiscard]] base::Result<store::Command> creation(const base::Json& spec) const;
  /// Merges members given; no event if nothing changes; index.updated with changed[].
  [[nodiscard]] base::Result<model::Index> patch(const std::string& id, const base::Json& changes);
  /// Commits index.deleted (the caller has ended jobs and alerts first), then drops rows and parts.
  [[nodiscard]] base::Result<void> remove(const std::string& id);
  [[nodiscard]] base::Result<model::Index> get(const std::string& id) const;
  [[nodiscard]] std::vector<model::Index> list() const;
  [[nodiscard]] base::Result<IndexStats> stats(const std::string& id) const;
  [[nodiscard]] base::Result<std::uint32_t> dimension(const std::string& id) const;

  /// Whole-batch validation: dimension, finiteness (after narrowing), zero rows under COSINE, id
  /// length, metadata size. errors kInvalidVector / kInvalidValue naming e.g.
  /// "vectors[3].values[17]".
  [[nodiscard]] base::Result<void> check_rows(const std::string& id, const RowsView& rows) const;
  /// Writes rows (same id replaces; last of equal ids wins); durable and visible on return. Returns
  /// rows upserted.
  [[nodiscard]] base::Result<std::size_t> upsert(const std::string& id, const RowsView& rows);
  /// As upsert without waiting for the sync: a later sync() makes it durable. For imports. `notes`
  /// are written in one batch with the rows, of which there may be none.
  [[nodiscard]] base::Result<std::size_t> upsert_unsynced(
      const std::string& id, const RowsView& rows, std::span<const store::Note> notes = {}
  );
  [[nodiscard]] base::Result<void> sync();
  /// Runs `look` between two writes to the index: what the store holds of it then is what is
  /// visible and counted. Writers wait meanwhile, so look quickly. No command may wait for a
  /// writer. errors  kNotFound, those of `look`.
  [[nodiscard]] base::Result<void> between_writes(
      const std::string& id, const std::function<base::Result<void>()>& look
  ) const;
  [[nodiscard]] base::Result<std::size_t> erase(
      const std::string& id, std::span<const std::string_view> vector_ids
  );
  [[nodiscard]] base::Result<std::size_t> erase_matching(
      const std::string& id, const Filter& filter
  );
  [[nodiscard]] base::Result<VectorRecord> fetch(const std::string& id, std::string_view vector_id)
      const;
  /// A vector of the index, chosen by `dice`. errors kNotFound also when none was found.
  [[nodiscard]] base::Result<VectorRecord> any(const std::string& id, std::uint64_t dice) const;
  [[nodiscard]] base::Result<ScrollPage> scroll(
      const std::string& id, std::string_view after, std::size_t limit
  ) const;

  /// CPU-bound: run it on the compute pool.
  [[nodiscard]] base::Result<SearchAnswer> search(
      const std::string& id, const SearchRequest& request
  ) const;

  /// Arranges the rows of a shard, or for kMerge of all shards together, anew: commits
  /// active->training (kTrain) or active->migrating, makes a sealed part (index/part_builder.h
  /// tells its phases), writes its file, swaps it in and commits the way back to active, in the new
  /// tier. Searches and writes go on meanwhile. On error or cancel the shards go back to active as
  /// they were. A merged shard is never resealed alone: kTrain and kCompact of one are of all. The
  /// flat tier is compacted by writing the rows of sparse places again. Background thread. errors
  /// kConflict (a shard is not active or holds nothing to do it with, or the index is of type
  /// IDMap, which stays flat), kReadonly under a guard, kNoSpace, kCancelled.
  [[nodiscard]] base::Result<void> reseal(
      const std::string& id,
      Resealing kind,
      std::uint32_t shard,
      model::Reason reason,
      const std::string& job_id,
      const ResealProgress& progress
  );
  /// What the thresholds ask for now, the most urgent first; empty: nothing. errors kReadonly under
  /// a guard.
  [[nodiscard]] base::Result<std::vector<DueResealing>> due_resealings(const std::string& id) const;
  /// What there is to do of a kind by hand, whatever the thresholds say. errors kReadonly under a
  /// guard; kConflict when the index is of type IDMap (but for kCompact), or has nothing for it.
  [[nodiscard]] base::Result<DueResealing> resealing_of(const std::string& id, Resealing kind)
      const;

  /// Emits index.updated (changed ["vectors"]) for indices written since their last one: call every
  /// 100 ms; it keeps to once a second while written and once within a second of quiet.
  void publish_counts();
  /// Stops background callbacks; what is in flight ends.
  void stop();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::index
