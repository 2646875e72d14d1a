#include "store/log_blocks.h"

#include <algorithm>

#include "store/rocks.h"

namespace mlgraph::store {
namespace {
constexpr std::size_t kHead = 16;  // bytes, timestamp
}

void LogBlocks::start(std::uint64_t oldest) {
  base::MutexLock lock(mutex_);
  first_ = complete_from_ = block_of(oldest);
}

bool LogBlocks::load(std::string_view record) {
  if (record.size() != kHead + BlockSummary::kSize) return false;
  Block block;
  block.bytes = read_be<std::uint64_t>(record.data());
  block.newest.ms = static_cast<std::int64_t>(read_be<std::uint64_t>(record.data() + 8));
  *block.summary = BlockSummary::decode(record.data() + kHead);
  total_bytes_ += block.bytes;
  base::MutexLock lock(mutex_);
  complete_.push_back(block.summary.get());
  blocks_.push_back(std::move(block));
  return true;
}

std::string LogBlocks::record_of(std::uint64_t number) const {
  const Block& block = blocks_[number - first_];
  std::string record;
  append_be(record, block.bytes);
  append_be(record, static_cast<std::uint64_t>(block.newest.ms));
  block.summary->encode(record);
  return record;
}

void LogBlocks::count(std::uint64_t seq, std::uint64_t bytes, const model::Entry* entry) {
  while (end() <= block_of(seq)) {
    base::MutexLock lock(mutex_);
    if (!blocks_.empty() && complete_.size() < blocks_.size())
      complete_.push_back(blocks_.back().summary.get());
    blocks_.emplace_back();
  }
  Block& block = blocks_.back();
  block.bytes += bytes;
  if (entry) {
    block.newest = entry->timestamp;
    block.summary->add(entry->kind, entry->entity);
  } else {
    block.summary->add_unknown();
  }
  total_bytes_ += bytes;
}

std::optional<std::uint64_t> LogBlocks::trim(const Retention& retention, base::Timestamp now) {
  const std::int64_t horizon = now.ms - std::chrono::milliseconds(retention.age_max).count();
  std::optional<std::uint64_t> oldest;
  base::MutexLock lock(mutex_);
  while (blocks_.size() > 1 &&
         (total_bytes_ > retention.bytes_max || blocks_.front().newest.ms < horizon)) {
    total_bytes_ -= blocks_.front().bytes;
    complete_.pop_front();
    ++complete_from_;
    blocks_.pop_front();
    oldest = ++first_ * BlockSummary::kEntries;
  }
  return oldest;
}

std::uint64_t LogBlocks::next_with(
    std::uint64_t from, std::uint64_t last, std::span<const Sought> sought
) const {
  base::MutexLock lock(mutex_);
  const std::uint64_t end =
      std::min(complete_from_ + complete_.size(), block_of(from) + kBlocksAtOnce);
  for (auto block = block_of(from); block >= complete_from_ && block < end; ++block) {
    if (complete_[block - complete_from_]->may_hold_any(sought)) break;
    from = (block + 1) * BlockSummary::kEntries;
    if (from > last) break;
  }
  return std::min(from, last + 1);
}

}  // namespace mlgraph::store
