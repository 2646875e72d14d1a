#pragma once
// Vectors and their metadata on disk: the truth that every searchable part is derived from.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mlgraph::store {

/// Where a row stands: index number, shard, and a row number that rises within the shard and is
/// never reused.
struct RowKey {
  std::uint32_t index_number = 0;
  std::uint32_t shard = 0;
  std::uint64_t row = 0;
};

/// One vector as stored. Views: valid for the call that passes it.
struct RowView {
  std::string_view id;            ///< 1..128 bytes
  std::span<const float> values;  ///< [dim], as the client sent them (not normalised)
  std::string_view metadata;      ///< a JSON object, or empty
};

struct StoredRow {
  std::string id;
  std::vector<float> values;
  std::string metadata;
};

/// A small text beside the rows. In one batch with rows it is there exactly if they are, whatever a
/// crash leaves: it can tell what they amount to.
struct Note {
  std::string key;
  std::string text;
};

/// Puts and deletes of rows, written together.
class RowBatch {
 public:
  virtual ~RowBatch() = default;
  virtual void put(const RowKey& key, const RowView& row) = 0;
  virtual void erase(const RowKey& key) = 0;
  virtual void put(const Note& note) = 0;
  virtual void erase_note(std::string_view key) = 0;
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

/// Rows as they stood at one moment, whatever is written meanwhile: a batch is in it whole or not
/// at all. It keeps what has been replaced since from being compacted away, so give it back soon.
/// An index that is dropped meanwhile may be missing from it: drop_index() takes files away.
/// Threads  shared; a scan holds up no writer.  Lifetime  within the store's.
/// Errors   kCorrupt, kInternal.
class VectorSnapshot {
 public:
  /// `visit` of a row; false stops the scan. The view is valid for the call.
  using Visit = std::function<bool(const RowKey& key, const RowView& view)>;
  virtual ~VectorSnapshot() = default;
  /// All rows of one index: its shards one after another, each in rising row order.
  [[nodiscard]] virtual base::Result<void> scan_index(
      std::uint32_t index_number, const Visit& visit
  ) const = 0;
};

/// Threads  shared; concurrent synced writes are grouped by RocksDB.
/// Errors   kNoSpace, kReadonly, kCorrupt, kInternal, kNotFound.
class VectorStore {
 public:
  /// Opens or makes `<data_dir>/vectors`: large memtables, no compression, apart from the log's
  /// database.
  [[nodiscard]] static base::Result<std::unique_ptr<VectorStore>> open(const std::string& data_dir);
  virtual ~VectorStore() = default;

  [[nodiscard]] virtual std::unique_ptr<RowBatch> make_batch() const = 0;
  /// One atomic write; with `sync` durable on return.
  [[nodiscard]] virtual base::Result<void> write(RowBatch& batch, bool sync) = 0;
  [[nodiscard]] virtual base::Result<StoredRow> get(const RowKey& key) const = 0;
  /// As get, for many at once; a missing row is an error kNotFound in its place.
  [[nodiscard]] virtual std::vector<base::Result<StoredRow>> get_many(std::span<const RowKey> keys
  ) const = 0;
  /// Rows of one shard in rising row order from `from_row`; stops when `visit` returns false.
  [[nodiscard]] virtual base::Result<void> scan(
      std::uint32_t index_number,
      std::uint32_t shard,
      std::uint64_t from_row,
      const std::function<bool(std::uint64_t row, const RowView& view)>& visit
  ) const = 0;
  /// The rows as they stand now, synced or not.
  [[nodiscard]] virtual std::unique_ptr<VectorSnapshot> snapshot() const = 0;
  /// All notes. They are few: whoever writes one erases it.
  [[nodiscard]] virtual base::Result<std::vector<Note>> notes() const = 0;
  /// Removes all rows of an index (a range delete; space comes back by compaction).
  [[nodiscard]] virtual base::Result<void> drop_index(std::uint32_t index_number) = 0;
  /// Approximate bytes on disk, for metrics.
  [[nodiscard]] virtual std::uint64_t disk_bytes() const = 0;
};

}  // namespace mlgraph::store
