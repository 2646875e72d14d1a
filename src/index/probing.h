#pragma once
// How far a search of a sealed part goes.
#include <array>
#include <cstddef>
#include <cstdint>

namespace mlgraph::index {

/// How much a search must look at to find most of a query's nearest rows: how many of the nearest
/// lists of an ivf part, how many near vertices of a graph. Measured when the part is made, for a
/// few numbers of rows, and read off between them. More rows take more, and so do the k nearest of
/// those rows alone that a filter lets pass: where every tenth row matches, its k nearest are about
/// the 10 k nearest of all.
struct ProbeRule {
  static constexpr std::array<std::uint32_t, 5> kNearest = {10, 32, 100, 316, 1'000};
  std::array<std::uint32_t, kNearest.size()> effort{
      1, 1, 1, 1, 1};  ///< for as many rows; never falling
  /// For the `nearest` rows, at most `most`; between and beyond the measured numbers as a power of
  /// them.
  [[nodiscard]] std::uint32_t effort_for(double nearest, std::size_t most) const;
};

}  // namespace mlgraph::index
