#pragma once
// Included by part_file.cc and part_reader.cc only.
#include <array>
#include <cstdint>

#include "index/probing.h"

namespace mlgraph::index {

/// The end of a part's file: all its counts.
struct PartFooter {
  static constexpr std::array<char, 8> kMagic = {'M', 'L', 'G', 'P', 'A', 'R', 'T', '3'};
  static constexpr std::size_t kLayersMax = 32;

  std::array<char, 8> magic = kMagic;
  std::uint32_t kind = 0;
  std::uint32_t dim = 0;
  std::uint32_t metric = 0;
  std::uint32_t half = 0;   ///< 1: values have 16 bits
  std::uint32_t coded = 0;  ///< 1: there are codes
  std::uint32_t segments = 0;
  std::uint64_t n = 0;
  decltype(ProbeRule::effort) probing{};
  std::uint32_t nlist = 0;   ///< ivf
  std::uint32_t width = 0;   ///< graph
  std::uint32_t entry = 0;   ///< graph
  std::uint32_t layers = 0;  ///< graph
  std::uint32_t zero = 0;
  std::array<std::uint64_t, kLayersMax> layer_vertices{};
};
static_assert(sizeof(PartFooter) == 40 + 40 + 8 * PartFooter::kLayersMax);

}  // namespace mlgraph::index
