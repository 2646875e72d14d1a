#pragma once
// A sealed part of lists: rows grouped by their nearest centroid.
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/sealed_part.h"

namespace mlgraph::index {

/// Threads: immutable.
struct IvfPart final : SealedPart {
  IvfPart() : SealedPart(Kind::kIvf) {}
  void search(PartSearch& search) const override;
  [[nodiscard]] double rows_measured(const PartSearch& search, double nearest) const override;

  [[nodiscard]] std::uint32_t nlist() const {
    return static_cast<std::uint32_t>(offsets.size() - 1);
  }
  [[nodiscard]] const float* centroid(std::uint32_t list) const {
    return centroids.data() + std::size_t{list} * dim;
  }
  /// Fills in `coded_centroids`.
  void code_centroids();

  std::vector<float> centroids;              ///< [nlist, dim]
  std::vector<std::uint64_t> offsets;        ///< [nlist + 1] into positions, by list
  std::optional<CodedRows> coded_centroids;  ///< [nlist]; derived
};

/// The lists of a part that hold rows, nearest to the query first. Sorted no further than it is
/// read. Threads: confined to one search.
class ListOrder {
 public:
  ListOrder(const Distance& distance, std::span<const float> query, const IvfPart& part);
  [[nodiscard]] std::size_t size() const { return lists_.size(); }
  [[nodiscard]] std::uint32_t at(std::size_t rank);

 private:
  std::vector<std::pair<float, std::uint32_t>> lists_;
  std::size_t sorted_ = 0;
};

}  // namespace mlgraph::index
