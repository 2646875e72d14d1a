#include "index/probing.h"

#include <algorithm>
#include <cmath>

namespace mlgraph::index {
namespace {

constexpr double kSlopeMin = 0.75;  ///< beyond the last measured number, where lists fill up slower

}  // namespace

std::uint32_t ProbeRule::effort_for(double nearest, std::size_t most) const {
  const auto limit = static_cast<double>(most);
  std::size_t upper = 0;
  while (upper < kNearest.size() && nearest > kNearest[upper]) ++upper;
  double wanted = effort.front();
  if (upper > 0) {
    const bool beyond = upper == kNearest.size();
    const std::size_t to = beyond ? upper - 1 : upper;
    const double slope = std::log(static_cast<double>(effort[to]) / effort[to - 1]) /
                         std::log(static_cast<double>(kNearest[to]) / kNearest[to - 1]);
    wanted = effort[upper - 1] *
             std::pow(nearest / kNearest[upper - 1], beyond ? std::max(slope, kSlopeMin) : slope);
  }
  return static_cast<std::uint32_t>(std::ceil(std::clamp(wanted, std::min(1.0, limit), limit)));
}

}  // namespace mlgraph::index
