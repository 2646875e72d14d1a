#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace mlgraph::model {
/// Enumerators 0..N-1 and their wire names, both ways.
template <typename Enum, std::size_t N>
struct EnumNames {
  std::array<std::string_view, N> names;
  [[nodiscard]] constexpr std::string_view operator[](Enum value) const {
    return names.at(static_cast<std::size_t>(value));
  }
  [[nodiscard]] constexpr std::optional<Enum> parse(std::string_view name) const {
    for (std::size_t i = 0; i < N; ++i)
      if (names[i] == name) return static_cast<Enum>(i);
    return std::nullopt;
  }
};
}  // namespace mlgraph::model
