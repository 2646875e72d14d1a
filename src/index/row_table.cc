#include "index/row_table.h"

#include <algorithm>
#include <cstring>

namespace mlgraph::index {

std::uint64_t hash_id(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  return hash ^ hash >> 33;
}

std::string_view RowTable::id_of(std::uint32_t row) const {
  const auto* id = ids_.find(row);
  if (!id || id->text() == kNoText) return {};
  const std::uint64_t at = id->text();
  const auto* block = arena_.find(static_cast<std::uint32_t>(at / kBlock));
  const char* text = block->get() + at % kBlock;
  return {text + 1, static_cast<std::uint8_t>(*text)};
}

std::size_t RowTable::slot_of(std::string_view id, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0 && id_of(slots_[slot] - 1) != id) slot = (slot + 1) & mask;
  return slot;
}

void RowTable::grow_slots() {
  std::vector<std::uint32_t> old = std::move(slots_);
  std::size_t live = 0;
  for (const auto entry : old) live += entry != 0 && alive(entry - 1, kNever - 1) ? 1 : 0;
  std::size_t size = 1'024;
  while (size * 7 < live * 10 + 10) size *= 2;
  slots_.assign(size, 0);
  used_ = 0;
  for (const auto entry : old) {
    if (entry == 0 || !alive(entry - 1, kNever - 1)) continue;  // dead ids' markers go
    const auto id = id_of(entry - 1);
    slots_[slot_of(id, hash_id(id))] = entry;
    ++used_;
  }
}

std::uint64_t RowTable::keep(std::string_view id) {
  const std::size_t size = id.size() + 1;
  if (arena_end_ % kBlock + size > kBlock) arena_end_ = (arena_end_ / kBlock + 1) * kBlock;
  auto& block = arena_.grow(static_cast<std::uint32_t>(arena_end_ / kBlock));
  if (!block) block = std::make_unique<char[]>(kBlock);
  char* at = block.get() + arena_end_ % kBlock;
  *at = static_cast<char>(id.size());
  std::memcpy(at + 1, id.data(), id.size());
  const std::uint64_t kept = arena_end_;
  arena_end_ += size;
  return kept;
}

void RowTable::bury(std::uint32_t row, std::uint32_t at) {
  deaths_.grow(row).store(at, std::memory_order_relaxed);
  live_.fetch_sub(1, std::memory_order_relaxed);
  live_bytes_.fetch_sub(
      id_of(row).size() + ids_.find(row)->metadata_bytes(), std::memory_order_relaxed
  );
}

void RowTable::add(
    std::uint32_t row, std::string_view id, std::uint64_t hash, std::uint32_t metadata_bytes
) {
  {
    std::uint64_t text = kNoText;
    base::WriteLock lock(mutex_);
    if (used_ * 10 >= slots_.size() * 7) grow_slots();
    const std::size_t slot = slot_of(id, hash);
    if (const auto entry = slots_[slot]; entry != 0) {
      const std::uint32_t old = entry - 1;
      text = ids_.find(old)->text();
      // A reader who has not seen `row` yet still finds the old one; one who has, does not.
      if (alive(old, kNever - 1)) bury(old, row + 1);
    } else {
      text = keep(id);
      ++used_;
    }
    ids_.grow(row) = Id(text, metadata_bytes);
    deaths_.grow(row).store(kNever, std::memory_order_relaxed);  // lives once its id names it
    slots_[slot] = row + 1;
  }
  live_.fetch_add(1, std::memory_order_relaxed);
  live_bytes_.fetch_add(id.size() + metadata_bytes, std::memory_order_relaxed);
}

std::optional<std::uint32_t> RowTable::find(std::string_view id, std::uint64_t hash) const {
  base::ReadLock lock(mutex_);
  if (slots_.empty()) return std::nullopt;
  const auto entry = slots_[slot_of(id, hash)];
  if (entry == 0 || !alive(entry - 1, kNever - 1)) return std::nullopt;
  return entry - 1;
}

std::optional<std::uint32_t> RowTable::kill(
    std::string_view id, std::uint64_t hash, std::uint32_t at
) {
  const auto row = find(id, hash);
  if (row) bury(*row, at + 1);
  return row;
}

}  // namespace mlgraph::index
