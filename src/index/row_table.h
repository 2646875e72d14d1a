#pragma once
// What is known of each row of a shard beside its values: its id, and whether it lives.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "index/chunked_array.h"

namespace mlgraph::index {

/// Rows are numbered as they are written; the number is also the shard's clock. A row that is
/// replaced or deleted dies at the number of the write that did it, so a reader who has seen rows
/// below `n` knows exactly what lived at `n`: a batch appears, and what it replaces disappears, at
/// once. Memory   12 bytes a row and 6 to 12 of the id's slot, beside the id and its size. Threads
/// add, kill: one writer at a time. alive, id_of: anywhere, for rows below a published number.
/// find: anywhere.
class RowTable {
 public:
  /// Registers `row` under `id`; the id's previous row, if any, dies with this write.
  void add(
      std::uint32_t row, std::string_view id, std::uint64_t hash, std::uint32_t metadata_bytes
  );
  /// Marks the row of `id` dead from `at` on; returns it, or nullopt if there is none.
  std::optional<std::uint32_t> kill(std::string_view id, std::uint64_t hash, std::uint32_t at);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id, std::uint64_t hash) const;

  /// Whether `row` lives for a reader who has seen rows below `seen`.
  [[nodiscard]] bool alive(std::uint32_t row, std::uint32_t seen) const {
    const auto* death = deaths_.find(row);
    if (!death) return false;
    const std::uint32_t at = death->load(std::memory_order_relaxed);
    return at > seen;
  }
  [[nodiscard]] std::string_view id_of(std::uint32_t row) const;
  /// Whether it was ever written, as far as this table goes back.
  [[nodiscard]] bool is_known(std::uint32_t row) const {
    const auto* id = ids_.find(row);
    return id && id->text() != kNoText;
  }
  [[nodiscard]] bool has_metadata(std::uint32_t row) const {
    const auto* id = ids_.find(row);
    return id && id->metadata_bytes() > 0;
  }
  [[nodiscard]] std::uint64_t live() const { return live_.load(std::memory_order_relaxed); }
  /// Ids and metadata of live rows.
  [[nodiscard]] std::uint64_t live_bytes() const {
    return live_bytes_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t kNever = UINT32_MAX;  ///< not dead
  static constexpr std::uint64_t kNoText = 0;
  /// Where a row's text stands and how much metadata it has, in eight bytes.
  class Id {
   public:
    Id() = default;
    Id(std::uint64_t text, std::uint32_t metadata_bytes)
        : packed_(text << kMetadataBits | metadata_bytes) {}
    /// Block and offset in the arena; the text's first byte is its size.
    [[nodiscard]] std::uint64_t text() const { return packed_ >> kMetadataBits; }
    [[nodiscard]] std::uint32_t metadata_bytes() const {
      return static_cast<std::uint32_t>(packed_ & ((1U << kMetadataBits) - 1));
    }

   private:
    static constexpr unsigned kMetadataBits = 16;  ///< metadata has at most 16 KiB
    std::uint64_t packed_ = kNoText;
  };
  /// 0 (absent) until written, so that holes read as dead.
  using Death = std::atomic<std::uint32_t>;

  [[nodiscard]] std::size_t slot_of(std::string_view id, std::uint64_t hash) const
      MLG_REQUIRES_SHARED(mutex_);
  void grow_slots() MLG_REQUIRES(mutex_);
  [[nodiscard]] std::uint64_t keep(std::string_view id);
  void bury(std::uint32_t row, std::uint32_t at);

  ChunkedArray<Id> ids_;
  ChunkedArray<Death> deaths_;
  std::atomic<std::uint64_t> live_{0};
  std::atomic<std::uint64_t> live_bytes_{0};
  static constexpr std::size_t kBlock = 64 * 1024;  ///< bytes
  ChunkedArray<std::unique_ptr<char[]>> arena_;     ///< by block; what is kept never moves
  std::uint64_t arena_end_ = 1;                     ///< writer only; no text stands at kNoText

  mutable base::SharedMutex mutex_;
  std::vector<std::uint32_t> slots_ MLG_GUARDED_BY(mutex_
  );  // row + 1; 0: empty. Linear probing, dead ids stay as markers
  std::size_t used_ MLG_GUARDED_BY(mutex_) = 0;
};

/// FNV-1a with a final mix: which shard an id belongs to is decided by it, so it never changes.
[[nodiscard]] std::uint64_t hash_id(std::string_view id);

}  // namespace mlgraph::index
