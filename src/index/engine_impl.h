#pragma once
// Included by this module's engine*.cc only.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "index/engine.h"
#include "index/shard.h"

namespace mlgraph::index {

/// A shard with what decides who may use it. Tier and state follow the log: whoever moves a shard
/// logs it, and the committer's sink sets them, in the order of the log.
struct RunningShard {
  RunningShard(std::uint32_t index_number, std::uint32_t shard, const model::Index& index)
      : data(index_number, shard, index.dimension, index.metric_type) {}
  Shard data;
  std::atomic<model::ShardState> state{model::ShardState::kActive};
  std::atomic<model::Tier> tier{model::Tier::kIdmap};
};

/// An index in use. Shared with whoever works on it; removed() once it is deleted.
struct RunningIndex {
  RunningIndex(std::string name, std::uint32_t index_number, const model::Index& index)
      : id(std::move(name)),
        number(index_number),
        dimension(index.dimension),
        metric(index.metric_type),
        type(index.index_type),
        quantization(index.quantization) {
    for (std::uint32_t i = 0; i < index.shards.size(); ++i)
      shards.push_back(std::make_unique<RunningShard>(index_number, i, index));
    follow(index);
  }
  /// Takes over what PATCH can change.
  void follow(const model::Index& index) {
    idmap_to_ivf = index.tiering.idmap_to_ivf;
    ivf_to_ondisk = index.tiering.ivf_to_ondisk;
    merge = index.tiering.merge;
    compaction_percent = index.tiering.compaction_percent;
    nprobe = index.nprobe;
    num_centroids = index.num_centroids;
  }
  [[nodiscard]] RunningShard& shard_of(std::uint64_t hash) const {
    return *shards[hash % shards.size()];
  }

  const std::string id;
  const std::uint32_t number;
  const std::uint32_t dimension;
  const model::Metric metric;
  const std::string type;
  const std::string quantization;
  std::vector<std::unique_ptr<RunningShard>> shards;
  std::atomic<std::uint64_t> idmap_to_ivf{0};
  std::atomic<std::uint64_t> ivf_to_ondisk{0};
  std::atomic<std::uint64_t> merge{0};
  std::atomic<std::uint32_t> compaction_percent{0};
  std::atomic<std::uint32_t> nprobe{0};
  std::atomic<std::uint32_t> num_centroids{0};
  std::atomic<bool> removed{false};
  std::atomic<bool> counts_changed{false};  ///< since the last index.updated
  std::atomic<base::SteadyTime> counts_published{base::SteadyTime{}};
};

/// One step of a shard, decided on the committer.
struct ShardMove {
  model::ShardState to_state = model::ShardState::kActive;
  model::Reason reason = model::Reason::kManual;
  std::optional<model::Tier> to_tier = {};          ///< none: it stays
  std::optional<model::ShardState> only_from = {};  ///< refused from any other state, legal or not
  std::string job_id = {};
  std::optional<std::int64_t> duration_ms = {};  ///< none: since it came to the state it leaves
  std::string private_json = {};
};

class Engine::Impl {
 public:
  Impl(
      store::VectorStore& vectors,
      store::Committer& committer,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock,
      Options options
  );

  [[nodiscard]] base::Result<std::shared_ptr<RunningIndex>> running(const std::string& id) const;
  [[nodiscard]] std::vector<std::shared_ptr<RunningIndex>> all_running() const;
  void on_entries(std::span<const std::shared_ptr<const model::Entry>> entries);

  // engine_rows.cc
  base::Result<std::size_t> upsert(
      const std::string& id, const RowsView& rows, bool sync, std::span<const store::Note> notes
  );
  base::Result<std::size_t> erase(
      const std::string& id, std::span<const std::string_view> vector_ids
  );
  void note_write(RunningIndex& index);
  [[nodiscard]] base::Result<void> check_state(
      const RunningIndex& index, const RunningShard& shard, bool erasing
  ) const;

  // engine_tiers.cc
  [[nodiscard]] std::optional<Resealing> due(const RunningIndex& index, const RunningShard& shard)
      const;
  [[nodiscard]] std::vector<DueResealing> due(const RunningIndex& index) const;
  void check_threshold(RunningIndex& index, RunningShard& shard);

  [[nodiscard]] base::Result<void> check_resealing(const RunningIndex& index, Resealing kind) const;

  // engine_reseal.cc, engine_compact.cc
  void remove_part(const std::string& file) const;
  base::Result<void> compact_flat(
      RunningIndex& index, RunningShard& shard, const ResealProgress& progress
  );

  // engine_moves.cc
  base::Result<void> commit_moves(
      RunningIndex& index, std::span<const std::uint32_t> shards, const ShardMove& move
  );
  base::Result<void> commit_move(RunningIndex& index, std::uint32_t shard, const ShardMove& move) {
    return commit_moves(index, {&shard, 1}, move);
  }
  base::Result<void> log_move(
      store::Decision& decision, RunningIndex& index, std::uint32_t shard, const ShardMove& move
  );
  void log_counts(store::Decision& decision, RunningIndex& index);
  void on_transition(const model::Entry& entry);
  void guard(std::optional<model::Reason> reason);
  void follow_guard(RunningIndex& index);
  [[nodiscard]] std::optional<model::Reason> guard() const;
  [[nodiscard]] base::Result<void> check_unguarded(std::string_view refused) const;

  // engine_recovery.cc
  base::Result<void> recover();
  base::Result<void> recover_index(RunningIndex& index, const model::IndexRecord& record);
  void remove_orphans();
  [[nodiscard]] std::string part_path(const std::string& file) const {
    return options_.data_dir + "/parts/" + file;
  }

  store::VectorStore& vectors_;
  store::Committer& committer_;
  metrics::ServerMetrics& metrics_;
  const base::Clock& clock_;
  const Options options_;

  mutable base::SharedMutex mutex_;
  std::map<std::string, std::shared_ptr<RunningIndex>> indices_ MLG_GUARDED_BY(mutex_);
  mutable base::Mutex guard_mutex_;
  std::optional<model::Reason> guard_ MLG_GUARDED_BY(guard_mutex_);
  std::atomic<bool> recovered_{false};  ///< before it, recovery alone moves shards
  base::Mutex callback_mutex_;
  std::function<void(const std::string&, std::uint32_t)> threshold_callback_
      MLG_GUARDED_BY(callback_mutex_);
};

/// The data of index.created and index.updated: the object's members, `index`, and `changed` if
/// there is any.
[[nodiscard]] std::string index_event_data(
    const model::Index& object, const std::vector<std::string>& changed
);
/// Fills in the live counts of a running index.
void fill_counts(model::Index& object, const RunningIndex& index);
/// The index_type that is never trained.
inline constexpr std::string_view kFlatType = "IDMap";
/// The index_type whose parts are graphs.
inline constexpr std::string_view kGraphType = "HNSW";
/// What quantization may be beside "none": values in 16 bits, or in memory only as codes.
inline constexpr std::string_view kFloat16 = "f16";
inline constexpr std::string_view kInt8 = "int8";
/// Writers' locks of several shards, always taken in rising order.
class WriterLocks {
 public:
  explicit WriterLocks(std::vector<RunningShard*> shards) MLG_ATTRIBUTE(no_thread_safety_analysis)
      : shards_(std::move(shards)) {
    for (auto* shard : shards_) shard->data.writer_mutex().lock();
  }
  ~WriterLocks() MLG_ATTRIBUTE(no_thread_safety_analysis) {
    for (auto* shard : shards_) shard->data.writer_mutex().unlock();
  }
  WriterLocks(const WriterLocks&) = delete;
  WriterLocks& operator=(const WriterLocks&) = delete;

 private:
  const std::vector<RunningShard*> shards_;
};

/// A sealed part as the log names it.
struct PartName {
  std::string file;
  std::string checksum;
};
[[nodiscard]] std::optional<PartName> part_name(const std::string& private_json);
/// Whether a tier's values stay on disk.
[[nodiscard]] inline bool values_on_disk(const RunningIndex& index, model::Tier tier) {
  return index.quantization == kInt8 || tier == model::Tier::kOndisk ||
         tier == model::Tier::kMerged;
}
/// What a write to a shard that a guard made readonly is answered.
[[nodiscard]] base::Error readonly_error(
    std::string_view refused, std::optional<model::Reason> guard
);

}  // namespace mlgraph::index
