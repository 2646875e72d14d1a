#pragma once
// The log in blocks of 1,024 entries: how large and how old each is, for retention, and what it
// holds, for readers that pass it by.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/entry.h"
#include "store/block_summary.h"
#include "store/log.h"

namespace mlgraph::store {

/// Place      of one log; a complete block is also kept on disk, so that an opening counts only the
///            entries of the last ones.
/// Invariant  entry `seq` belongs to block seq / kEntries; blocks from first() on are known.
/// Threads    next_with: shared. The rest: the committer alone (and the opening before it).
class LogBlocks {
 public:
  [[nodiscard]] static std::uint64_t block_of(std::uint64_t seq) {
    return seq / BlockSummary::kEntries;
  }
  /// Begins at the block of `oldest`, with none.
  void start(std::uint64_t oldest);
  /// Takes the next block from disk; false: the record is not of this format, and its entries are
  /// to be counted.
  [[nodiscard]] bool load(std::string_view record);
  /// The block behind those loaded and counted.
  [[nodiscard]] std::uint64_t end() const { return first_ + blocks_.size(); }

  /// `entry` null: one that cannot be read.
  void count(std::uint64_t seq, std::uint64_t bytes, const model::Entry* entry);
  /// The record of a complete block.
  [[nodiscard]] std::string record_of(std::uint64_t block) const;

  /// Forgets the oldest blocks beyond retention; the newest always stays. The first seq that is
  /// kept, or nullopt when nothing went.
  [[nodiscard]] std::optional<std::uint64_t> trim(const Retention& retention, base::Timestamp now);
  [[nodiscard]] std::uint64_t first() const { return first_; }

  /// The first seq in [from, last] whose block may hold something sought; last + 1 if none does.
  /// Looks at no more than `kBlocksAtOnce` blocks: the answer may be short of the end.
  [[nodiscard]] std::uint64_t next_with(
      std::uint64_t from, std::uint64_t last, std::span<const Sought> sought
  ) const;

 private:
  static constexpr std::uint64_t kBlocksAtOnce = 512;
  struct Block {
    std::uint64_t bytes = 0;
    base::Timestamp newest;
    std::unique_ptr<BlockSummary> summary = std::make_unique<BlockSummary>();
  };
  std::deque<Block> blocks_;  ///< grows and shrinks under the mutex, too
  std::uint64_t first_ = 0;
  std::uint64_t total_bytes_ = 0;
  mutable base::Mutex mutex_;
  std::uint64_t complete_from_ MLG_GUARDED_BY(mutex_) = 0;
  std::deque<const BlockSummary*> complete_ MLG_GUARDED_BY(mutex_);  ///< of blocks_, immutable
};

}  // namespace mlgraph::store
