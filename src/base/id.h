#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace mlgraph::base {
/// A number that names one kind of thing: ids of two kinds cannot trade places.
template <typename Tag, typename Number = std::uint64_t>
struct Id {
  Number value = 0;
  auto operator<=>(const Id&) const = default;
};
}  // namespace mlgraph::base

template <typename Tag, typename Number>
struct std::hash<mlgraph::base::Id<Tag, Number>> {
  std::size_t operator()(mlgraph::base::Id<Tag, Number> id) const noexcept {
    return std::hash<Number>{}(id.value);
  }
};
