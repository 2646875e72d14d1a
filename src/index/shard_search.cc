// Shard: which rows a search looks at.
#include <algorithm>
#include <cmath>

#include "index/shard.h"
#include "index/shard_scan.h"

namespace mlgraph::index {
namespace {

/// The lists nearest to the query, nearest first; of equally near ones that with the lesser number.
std::vector<std::uint32_t> nearest_lists(
    const IvfPart& part, const Distance& distance, std::uint32_t wanted
) {
  std::vector<float> measured(part.nlist());
  const bool finite = distance.measure(part.centroids.data(), part.nlist(), measured.data());
  std::vector<std::pair<double, std::uint32_t>> order;
  for (std::uint32_t list = 0; list < part.nlist(); ++list) {
    const float* centroid = part.centroids.data() + std::size_t{list} * part.dim;
    order.emplace_back(
        finite ? static_cast<double>(measured[list]) : distance.repaired(measured[list], centroid),
        list
    );
  }
  std::partial_sort(order.begin(), order.begin() + wanted, order.end());
  std::vector<std::uint32_t> lists;
  for (std::uint32_t i = 0; i < wanted; ++i) lists.push_back(order[i].second);
  return lists;
}

}  // namespace

std::uint64_t Shard::search(const ScanRequest& request, TopK& top) const {
  const auto view = view_.load();
  const std::uint32_t seen = view->head->published();
  const Distance distance(metric_, request.query);
  std::optional<Bitmap> allowed;
  if (request.filter) allowed = columns_.evaluate(*request.filter, seen);
  const bool filtered = allowed.has_value();
  const std::uint64_t matches = filtered ? allowed->count() : rows_.live();
  ShardScan scan({*view, rows_, number_, seen, dim_}, distance, std::move(allowed), top);
  if (!view->part) {
    // Few matches are cheaper to visit one by one than to pass over all rows.
    if (filtered && matches * 8 < seen)
      scan.each_allowed();
    else
      scan.head();
    return scan.computed();
  }
  const IvfPart& part = *view->part;
  std::uint32_t nprobe = std::min(request.nprobe.value_or(part.nprobe), part.nlist());
  if (request.exact) nprobe = part.nlist();
  if (filtered && !request.exact) {
    const std::uint64_t probed =
        std::uint64_t{nprobe} * std::max<std::uint64_t>(1, part.rows.size() / part.nlist());
    if (matches <= 2 * probed) {
      scan.each_allowed();
      return scan.computed();
    }
    // Matches are spread thinner than rows, so their nearest lie further out.
    const double thinner =
        std::sqrt(static_cast<double>(part.rows.size()) / static_cast<double>(matches));
    nprobe = static_cast<std::uint32_t>(
        std::min<double>(part.nlist(), std::ceil(nprobe * std::max(1.0, thinner)))
    );
  }
  scan.head();
  // Never fewer than k when k match: what probing left open is found by looking at the rest.
  const auto lists = nearest_lists(part, distance, part.nlist());
  for (std::uint32_t rank = 0; rank < part.nlist() && (rank < nprobe || !top.full()); ++rank)
    scan.list(part, lists[rank]);
  return scan.computed();
}

}  // namespace mlgraph::index
