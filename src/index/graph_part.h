#pragma once
// A sealed part that is a graph: each row is linked to some that are near (HNSW).
#include <cstdint>
#include <span>
#include <vector>

#include "index/sealed_part.h"

namespace mlgraph::index {

/// A hierarchical navigable small world, as hnswlib builds it, laid out for searching: links apart
/// from the rows, which are measured by their codes.
/// Threads    immutable. source  Malkov and Yashunin, arXiv 1603.09320.
struct GraphPart final : SealedPart {
  GraphPart() : SealedPart(Kind::kGraph) {}
  void search(PartSearch& search) const override;
  [[nodiscard]] double rows_measured(const PartSearch& search, double nearest) const override;

  /// A layer above the lowest: fewer vertices, longer links.
  struct Layer {
    std::vector<std::uint32_t> vertices;  ///< [m] rising
    std::vector<std::uint32_t> links;     ///< [m, width / 2]
  };
  [[nodiscard]] std::span<const std::uint32_t> links_of(std::uint32_t vertex) const {
    return {links.data() + std::size_t{vertex} * width, width};
  }

  std::uint32_t width = 32;         ///< links a vertex at most on the lowest layer
  std::uint32_t entry = 0;          ///< where every search begins
  HugeVector<std::uint32_t> links;  ///< [n, width]; kNowhere behind the last of a vertex
  std::vector<Layer> layers;        ///< from the second lowest up
};

}  // namespace mlgraph::index
