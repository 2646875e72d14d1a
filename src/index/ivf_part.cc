#include "index/ivf_part.h"

#include <algorithm>

namespace mlgraph::index {
namespace {

constexpr std::size_t kSortStep = 64;

/// How near all centroids are, in order.
void measure_values(const Distance& distance, const IvfPart& part, std::vector<float>& out) {
  if (distance.measure(part.centroids.data(), part.nlist(), out.data())) return;
  for (std::uint32_t list = 0; list < part.nlist(); ++list)
    out[list] = rank_of(distance.repaired(out[list], part.centroid(list)));
}

}  // namespace

void IvfPart::code_centroids() {
  RangeFinder ranges(dim);
  for (std::uint32_t list = 0; list < nlist(); ++list) ranges.add(centroid(list));
  if (!ranges.is_codable()) return;
  auto& coded = coded_centroids.emplace();
  coded.quantizer = ranges.quantizer();
  const std::size_t stride = coded.quantizer.stride();
  coded.bytes.resize(nlist() * stride);
  coded.norms.resize(nlist());
  for (std::uint32_t list = 0; list < nlist(); ++list)
    coded.norms[list] = coded.quantizer.encode(centroid(list), coded.bytes.data() + list * stride);
}

ListOrder::ListOrder(const Distance& distance, std::span<const float> query, const IvfPart& part) {
  std::vector<float> measured(part.nlist());
  // By codes: a quarter of the memory to pass, and which of two lists about as near comes first
  // makes no difference.
  std::optional<CodedQuery> coded;
  if (part.coded_centroids) coded.emplace(part.metric, *part.coded_centroids, query);
  if (coded && coded->is_codable())
    coded->measure(0, part.nlist(), measured.data());
  else
    measure_values(distance, part, measured);
  lists_.reserve(part.nlist());
  for (std::uint32_t list = 0; list < part.nlist(); ++list)
    if (part.offsets[list] != part.offsets[list + 1]) lists_.emplace_back(measured[list], list);
}

std::uint32_t ListOrder::at(std::size_t rank) {
  if (rank >= sorted_) {
    const std::size_t until = std::min(lists_.size(), std::max(rank + 1, 2 * sorted_ + kSortStep));
    const auto begin = lists_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    const auto end = lists_.begin() + static_cast<std::ptrdiff_t>(until);
    std::nth_element(begin, end - 1, lists_.end());
    std::sort(begin, end);
    sorted_ = until;
  }
  return lists_[rank].second;
}

}  // namespace mlgraph::index
