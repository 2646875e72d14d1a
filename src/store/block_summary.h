#pragma once
// What a block of the log holds, in a few bits: a reader of a rare pattern passes it by unread.
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/event_kind.h"

namespace mlgraph::store {

/// Entries that somebody looks for: of one of these kinds, about this entity.
struct Sought {
  model::KindSet kinds = model::kEveryKind;
  std::uint64_t entity = 0;  ///< BlockSummary::hash of its name; 0: any
};

/// The kinds and entities of `kEntries` neighbouring entries: kinds exactly, entities as a Bloom
/// filter of 1 KiB (three bits each: of a block full of different entities one in thirty look-ups
/// is answered yes in vain).
/// On disk: u16 kinds, then the filter's bytes, little-endian.
/// Threads    a value; immutable once its block is complete.
class BlockSummary {
 public:
  static constexpr std::uint64_t kEntries = 1'024;
  static constexpr std::size_t kSize = 2 + 1'024;
  /// Never 0, and the same for ever: it stands on disk.
  [[nodiscard]] static std::uint64_t hash(std::string_view entity);

  void add(model::EventKind kind, std::string_view entity);
  /// An entry that cannot be read: the block may hold anything, so that readers come upon it.
  void add_unknown();
  /// false: certainly none. true: perhaps.
  [[nodiscard]] bool may_hold(const Sought& sought) const;
  [[nodiscard]] bool may_hold_any(std::span<const Sought> sought) const;

  void encode(std::string& out) const;
  /// `at` holds kSize bytes.
  [[nodiscard]] static BlockSummary decode(const char* at);

 private:
  std::array<std::uint64_t, 128> filter_{};
  model::KindSet kinds_ = 0;
};

}  // namespace mlgraph::store
