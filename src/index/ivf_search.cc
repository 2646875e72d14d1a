// IvfPart: which lists a search looks into, and what it offers of them.
#include <algorithm>

#include "index/ivf_part.h"
#include "index/part_scan.h"

namespace mlgraph::index {
namespace {

constexpr double kFilterMargin =
    1.5;  ///< matches never lie quite as rows do, and lists cost little

/// Lists to pass at the least, of `count`, for the `nearest` rows.
std::size_t lists_wanted(
    const IvfPart& part, const PartSearch& search, double nearest, std::size_t count
) {
  if (search.nprobe) return std::min<std::size_t>(*search.nprobe, count);
  const double margin = search.filtered ? kFilterMargin : 1;
  return part.probing.effort_for(margin * nearest, count);
}

/// Rows around this query may match more seldom than elsewhere. Then their nearest lie further out,
/// and where the first of them are found, so far from the query, many lists are about as near.
std::size_t lists_further(
    const IvfPart& part,
    const PartSearch& search,
    const PartScan& scan,
    std::size_t passed,
    std::size_t count
) {
  const auto k = static_cast<double>(search.k);
  const auto matched = static_cast<double>(scan.matched());
  const double here = std::max(1.0, matched) / static_cast<double>(scan.passed());
  std::size_t wanted = 0;
  if (here < search.share) wanted = part.probing.effort_for(k / here, count);
  if (matched < k) wanted = std::max(wanted, 2 * (passed + 1));
  return wanted;
}

}  // namespace

// The lists nearest first, until those have been passed that should hold the k nearest, and then as
// many as it takes to have k: never fewer than k when k match.
void IvfPart::search(PartSearch& search) const {
  PartScan scan(*this, search);
  if (search.exact) return scan.pass(0, size());
  ListOrder order(search.distance, search.query, *this);
  const double nearest = static_cast<double>(search.k) / search.share;
  std::size_t wanted = lists_wanted(*this, search, nearest, order.size());
  const bool follows_matches = search.filtered && !search.nprobe;
  for (std::size_t passed = 0; passed < order.size() && !search.failed; ++passed) {
    if (passed >= wanted && follows_matches)
      wanted = std::max(wanted, lists_further(*this, search, scan, passed, order.size()));
    if (passed >= wanted && scan.has_k()) break;
    const std::uint32_t list = order.at(passed);
    scan.pass(offsets[list], offsets[list + 1]);
  }
  scan.measure_candidates();
}

double IvfPart::rows_measured(const PartSearch& search, double nearest) const {
  const auto lists = static_cast<double>(lists_wanted(*this, search, nearest, nlist()));
  return lists * static_cast<double>(size()) / nlist();
}

}  // namespace mlgraph::index
