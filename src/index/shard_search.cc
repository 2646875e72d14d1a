// Shard: which rows a search looks at.
#include <algorithm>

#include "index/probing.h"
#include "index/shard.h"
#include "index/shard_scan.h"

namespace mlgraph::index {
namespace {

constexpr double kFilterMargin =
    1.5;  ///< matches never lie quite as rows do, and lists cost little
constexpr std::uint64_t kFewValues = 100'000;  ///< of rows that are measured one by one anyway

/// Lists to pass at the least, of `count`, where `share` of the rows can be hits.
std::size_t lists_wanted(
    const IvfPart& part, const ScanRequest& request, double share, std::size_t count
) {
  if (request.nprobe) return std::min<std::size_t>(*request.nprobe, count);
  const double margin = request.filter ? kFilterMargin : 1;
  return part.probing.lists_for(margin * static_cast<double>(request.k) / share, count);
}

/// The lists of one part, nearest first, until those have been passed that should hold the k
/// nearest, and then as many as it takes to have k: never fewer than k when k match.
class Probing {
 public:
  /// `share`: how many of the part's rows can be hits.
  Probing(const IvfPart& part, const Distance& distance, const ScanRequest& request, double share)
      : part_(part),
        order_(distance, part),
        k_(static_cast<double>(request.k)),
        share_(share),
        follows_matches_(request.filter && !request.nprobe),
        wanted_(lists_wanted(part, request, share, order_.size())) {}

  void run(ShardScan& scan, const TopK& top) {
    for (std::size_t passed = 0; passed < order_.size(); ++passed) {
      if (passed >= wanted_ && follows_matches_) look_further(scan, passed);
      if (passed >= wanted_ && top.full()) return;
      scan.list(part_, order_.at(passed));
    }
  }

 private:
  // Rows around this query may match more seldom than elsewhere. Then their nearest lie further
  // out, and where the first of them are found, so far from the query, many lists are about as
  // near.
  void look_further(const ShardScan& scan, std::size_t passed) {
    const auto matched = static_cast<double>(scan.matched());
    const double here = std::max(1.0, matched) / static_cast<double>(scan.passed());
    if (here < share_)
      wanted_ = std::max<std::size_t>(wanted_, part_.probing.lists_for(k_ / here, order_.size()));
    if (matched < k_) wanted_ = std::max(wanted_, 2 * (passed + 1));
  }

  const IvfPart& part_;
  ListOrder order_;
  const double k_;
  const double share_;
  const bool follows_matches_;
  std::size_t wanted_;  ///< lists to pass at the least
};

}  // namespace

double Shard::live_share() const {
  const auto live = static_cast<double>(std::max<std::uint64_t>(1, rows_.live()));
  return live / (live + static_cast<double>(tombstones()));
}

std::uint64_t Shard::search(const ScanRequest& request, TopK& top) const {
  const auto view = view_.load();
  const std::uint32_t seen = view->head->published();
  const Distance distance(metric_, request.query);
  std::optional<Bitmap> allowed;
  if (request.filter) allowed = columns_.evaluate(*request.filter, seen);
  const bool filtered = allowed.has_value();
  const std::uint64_t matches = filtered ? allowed->count() : 0;
  ShardScan scan({*view, rows_, number_, seen, dim_}, distance, std::move(allowed), top);

  const IvfPart* part = view->part.get();
  const bool probing = part && !request.exact;
  const double share =
      filtered ? static_cast<double>(std::max<std::uint64_t>(1, matches)) / std::max(1U, seen)
               : live_share();
  // Few matches are cheaper to visit one by one than to pass over all the rows that a search would.
  std::uint64_t few = seen / 8;
  if (filtered && probing) {
    const std::size_t lists = lists_wanted(*part, request, share, part->nlist());
    few = std::max<std::uint64_t>(kFewValues / dim_, lists * part->rows.size() / part->nlist() / 4);
  }
  if (filtered && matches <= few) {
    scan.each_allowed();
    return scan.computed();
  }
  scan.head();
  if (probing) {
    Probing(*part, distance, request, share).run(scan, top);
  } else if (part) {
    for (std::uint32_t list = 0; list < part->nlist(); ++list) scan.list(*part, list);
  }
  return scan.computed();
}

}  // namespace mlgraph::index
