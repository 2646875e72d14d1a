#include "index/probing.h"

#include <algorithm>
#include <cmath>

#include "index/distance.h"
#include "index/ivf_part.h"

namespace mlgraph::index {
namespace {

constexpr double kSlopeMin = 0.75;  ///< beyond the last measured number, where lists fill up slower
constexpr std::size_t kSortStep = 64;

}  // namespace

std::uint32_t ProbeRule::lists_for(double nearest, std::size_t count) const {
  const auto most = static_cast<double>(count);
  std::size_t upper = 0;
  while (upper < kNearest.size() && nearest > kNearest[upper]) ++upper;
  double wanted = lists.front();
  if (upper > 0) {
    const bool beyond = upper == kNearest.size();
    const std::size_t to = beyond ? upper - 1 : upper;
    const double slope = std::log(static_cast<double>(lists[to]) / lists[to - 1]) /
                         std::log(static_cast<double>(kNearest[to]) / kNearest[to - 1]);
    wanted = lists[upper - 1] *
             std::pow(nearest / kNearest[upper - 1], beyond ? std::max(slope, kSlopeMin) : slope);
  }
  return static_cast<std::uint32_t>(std::ceil(std::clamp(wanted, std::min(1.0, most), most)));
}

ListOrder::ListOrder(const Distance& distance, const IvfPart& part) {
  std::vector<float> measured(part.nlist());
  const bool finite = distance.measure(part.centroids.data(), part.nlist(), measured.data());
  lists_.reserve(part.nlist());
  for (std::uint32_t list = 0; list < part.nlist(); ++list) {
    if (part.offsets[list] == part.offsets[list + 1]) continue;
    const float* centroid = part.centroids.data() + std::size_t{list} * part.dim;
    lists_.emplace_back(
        finite ? static_cast<double>(measured[list]) : distance.repaired(measured[list], centroid),
        list
    );
  }
}

std::uint32_t ListOrder::at(std::size_t rank) {
  if (rank >= sorted_) {
    const std::size_t until = std::min(lists_.size(), std::max(rank + 1, sorted_ + kSortStep));
    const auto begin = lists_.begin();
    std::partial_sort(
        begin + static_cast<std::ptrdiff_t>(sorted_),
        begin + static_cast<std::ptrdiff_t>(until),
        lists_.end()
    );
    sorted_ = until;
  }
  return lists_[rank].second;
}

}  // namespace mlgraph::index
