#pragma once
// One shard: a mutable head, perhaps a sealed part, and the table of its rows.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/snapshot_cell.h"
#include "index/metadata_columns.h"
#include "index/row_table.h"
#include "index/shard_look.h"
#include "index/training_set.h"
#include "store/vector_store.h"

namespace mlgraph::index {

/// One row to write, its shard chosen.
struct NewRow {
  std::string_view id;
  std::uint64_t hash = 0;
  std::span<const float> values;  ///< [dim], as sent
  std::string_view metadata;
};

/// Threads    look, find, counts: anywhere. Everything marked "writer": with writer_mutex() held.
/// Invariant  what a search has seen is whole: a batch is visible at once, and so is what it
/// replaced or removed.
class Shard {
 public:
  Shard(std::uint32_t index_number, std::uint32_t number, std::uint32_t dim, model::Metric metric)
      : index_number_(index_number), number_(number), dim_(dim), metric_(metric) {
    view_.store(std::make_shared<const ShardView>(ShardView{
        nullptr, 0, std::make_shared<Head>(dim, 0)}));
  }

  [[nodiscard]] base::Mutex& writer_mutex() MLG_ATTRIBUTE(lock_returned(writer_)) {
    return writer_;
  }

  /// Writer. Adds puts, and erases of what the rows replace, to `batch`. Rows of one call have
  /// distinct ids.
  void prepare(std::span<const NewRow> rows, store::RowBatch& batch) const MLG_REQUIRES(writer_);
  /// Writer. Makes prepared rows searchable.
  void apply(std::span<const NewRow> rows) MLG_REQUIRES(writer_);
  /// Writer. Rows of these ids, for deletion; erases go to `batch`.
  [[nodiscard]] std::size_t prepare_erase(
      std::span<const std::string_view> ids, store::RowBatch& batch
  ) const MLG_REQUIRES(writer_);
  void apply_erase(std::span<const std::string_view> ids) MLG_REQUIRES(writer_);

  /// Loads from disk into an empty shard: rows the part holds stay there, others go to the head.
  /// Before it is shared.
  [[nodiscard]] base::Result<void> load(
      const store::VectorStore& store, std::shared_ptr<const SealedPart> part
  );

  /// What a search sees of it at this moment; `filter` may be null.
  [[nodiscard]] ShardLook look(const Filter* filter) const;
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id, std::uint64_t hash) const {
    return rows_.find(id, hash);
  }
  [[nodiscard]] std::string_view id_of(std::uint32_t row) const { return rows_.id_of(row); }
  [[nodiscard]] bool has_metadata(std::uint32_t row) const { return rows_.has_metadata(row); }
  /// The id of the first live row at or behind a place that `dice` chooses; empty: none is near.
  [[nodiscard]] std::string_view any_id(std::uint64_t dice) const;
  /// Ids of live rows, all or those that match.
  [[nodiscard]] std::vector<std::string_view> live_ids(const Filter* filter) const;

  /// Adds all live rows at this moment to `set`, as its next segment.
  void collect(TrainingSet& set) const;
  /// Writer. Puts `part` in place of what it was made from; returns the former view, to put back if
  /// the commit fails.
  std::shared_ptr<const ShardView> swap(std::shared_ptr<const SealedPart> part)
      MLG_REQUIRES(writer_);
  void swap_back(std::shared_ptr<const ShardView> former) MLG_REQUIRES(writer_);

  /// Writer. Live rows that share a chunk of the head with dead ones; what is written from here on
  /// goes to a chunk of its own.
  [[nodiscard]] std::vector<std::uint32_t> begin_compaction() MLG_REQUIRES(writer_);
  /// Writer. Gives back the chunks of the head in which no row lives any more.
  void drop_dead_places() MLG_REQUIRES(writer_);
  /// Filters need not know any more of rows that are dead by now.
  void forget_dead();

  [[nodiscard]] std::uint64_t live() const { return rows_.live(); }
  [[nodiscard]] std::uint64_t tombstones() const {
    return tombstones_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bytes() const {
    return rows_.live() * dim_ * sizeof(float) + rows_.live_bytes();
  }
  /// Null in the idmap tier.
  [[nodiscard]] std::shared_ptr<const SealedPart> part() const { return view_.load()->part; }
  [[nodiscard]] std::uint64_t part_rows() const;
  /// Live rows that no part holds.
  [[nodiscard]] std::uint64_t head_rows() const {
    return head_rows_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] store::RowKey key_of(std::uint32_t row) const {
    return {index_number_, number_, row};
  }

 private:
  void put(Head& head, std::uint32_t row, const NewRow& from) MLG_REQUIRES(writer_);
  void count_death(std::uint32_t row);
  [[nodiscard]] std::uint32_t segment_in(const SealedPart& part) const;

  const std::uint32_t index_number_;
  const std::uint32_t number_;
  const std::uint32_t dim_;
  const model::Metric metric_;
  mutable base::Mutex writer_;
  std::uint32_t next_row_ MLG_GUARDED_BY(writer_) = 0;
  RowTable rows_;
  MetadataColumns columns_;
  base::SnapshotCell<ShardView> view_;
  std::atomic<std::uint64_t> tombstones_{0};
  std::atomic<std::uint64_t> head_rows_{0};
  std::atomic<std::uint32_t> head_begin_{0};
};

}  // namespace mlgraph::index
