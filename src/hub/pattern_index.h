#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/event_kind.h"

namespace mlgraph::hub {

/// From an event to the sessions whose patterns match it: five look-ups by pattern text, whatever
/// the number of patterns, because an event can only stand under F.E, F.X.E, F.*, F.X.* and *.
/// Threads    confined to the loop.
class PatternIndex {
 public:
  struct Member {
    std::uint32_t slot = 0;
    std::uint32_t number = 0;  ///< of the pattern in its session
  };
  using List = std::vector<Member>;
  static constexpr std::size_t kListsMax = 5;
  /// The lists that hold an event's sessions; a session may be in several. Unused places are null.
  using Lists = std::array<const List*, kListsMax>;

  /// Adds at the end of the pattern's list. Returns its place there.
  std::uint32_t add(const std::string& pattern, Member member);
  /// Removes the member at `place`. Returns the member that moved into it, or nullptr; valid until
  /// the next call.
  const Member* remove(const std::string& pattern, std::uint32_t place);
  void renumber(const std::string& pattern, std::uint32_t place, std::uint32_t number);
  [[nodiscard]] Lists find(model::EventKind kind, std::string_view entity);
  [[nodiscard]] std::size_t patterns() const { return lists_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, List, Hash, std::equal_to<>> lists_;
  std::string key_;  ///< scratch, so that a look-up allocates nothing
};

}  // namespace mlgraph::hub
