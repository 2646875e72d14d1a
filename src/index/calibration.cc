#include "index/calibration.h"

#include <atomic>
#include <cmath>

#include "index/distance.h"
#include "index/in_parallel.h"
#include "index/top_k.h"

namespace mlgraph::index {
namespace {

constexpr double kRecallFloor = 0.95;
/// Means to reach, by number of rows: queries of another origin are harder, and of few rows one
/// that is missed counts for more.
constexpr std::array<double, ProbeRule::kNearest.size()> kRecallWanted = {
    0.97, 0.965, 0.96, 0.96, 0.96};
constexpr std::size_t kQueriesMin = 10;
constexpr std::size_t kGroup = 8;  ///< queries that share a block of rows while it is in the cache
constexpr std::size_t kBlock = 128;  ///< rows

/// Which of two equally near rows is a neighbour makes no difference here.
class NoIds final : public RowIds {
 public:
  std::string_view id_of(const Found&) const override { return {}; }
};

/// The ranks (0: probed first) of the lists that hold a query's nearest rows, nearest row first.
using Ranks = std::vector<std::uint32_t>;

class Group {
 public:
  Group(const IvfPart& part, std::span<const std::size_t> queries, std::size_t nearest)
      : part_(part) {
    for (const auto at : queries) {
      queries_.push_back(
          {at,
           Distance(part.metric, {part.values.data() + at * part.dim, part.dim}),
           TopK(nearest, ids_)}
      );
    }
  }

  void scan() {
    for (std::uint32_t list = 0; list < part_.nlist(); ++list)
      for (std::uint64_t at = part_.offsets[list]; at < part_.offsets[list + 1];) {
        const auto n = std::min<std::uint64_t>(kBlock, part_.offsets[list + 1] - at);
        for (auto& query : queries_) measure(query, list, at, n);
        at += n;
      }
  }

  [[nodiscard]] std::vector<Ranks> ranks() {
    std::vector<Ranks> all;
    std::vector<std::uint32_t> rank_of(part_.nlist());
    for (auto& query : queries_) {
      ListOrder order(query.distance, part_);
      for (std::uint32_t rank = 0; rank < order.size(); ++rank) rank_of[order.at(rank)] = rank;
      Ranks ranks;
      for (const auto& found : query.nearest.take()) ranks.push_back(rank_of[found.shard]);
      all.push_back(std::move(ranks));
    }
    return all;
  }

 private:
  struct Query {
    std::size_t self;
    Distance distance;
    TopK nearest;
  };

  void measure(Query& query, std::uint32_t list, std::uint64_t at, std::size_t n) const {
    float measured[kBlock];
    const float* values = part_.values.data() + at * part_.dim;
    const bool finite = query.distance.measure(values, n, measured);
    for (std::size_t i = 0; i < n; ++i) {
      if ((finite && measured[i] > query.nearest.reach()) || at + i == query.self) continue;
      const double distance = query.distance.repaired(measured[i], values + i * part_.dim);
      query.nearest.offer({distance, list, part_.rows[at + i]});
    }
  }

  const IvfPart& part_;
  const NoIds ids_;
  std::vector<Query> queries_;
};

/// The fewest lists that reach the recall wanted for the first `nearest` rows of each query.
std::uint32_t fewest_lists(
    const std::vector<Ranks>& queries, std::size_t nearest, double wanted, std::uint32_t count
) {
  const auto reaches = [&](std::uint32_t lists) {
    double sum = 0;
    double squares = 0;
    for (const auto& ranks : queries) {
      const auto found = std::count_if(
          ranks.begin(),
          ranks.begin() + static_cast<std::ptrdiff_t>(nearest),
          [&](auto rank) { return rank < lists; }
      );
      const double recall = static_cast<double>(found) / static_cast<double>(nearest);
      sum += recall;
      squares += recall * recall;
    }
    const auto n = static_cast<double>(queries.size());
    const double mean = sum / n;
    const double error = std::sqrt(std::max(0.0, squares / n - mean * mean) / n);
    return mean >= wanted && mean - 2 * error >= kRecallFloor;
  };
  std::uint32_t low = 1;
  std::uint32_t high = count;  // all lists hold everything
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (reaches(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

base::Result<ProbeRule> calibrate(
    const IvfPart& part, std::span<const std::size_t> queries, const CalibrationOptions& options
) {
  ProbeRule rule;
  rule.lists.fill(part.nlist());
  if (part.nlist() == 1 || queries.size() < kQueriesMin) return rule;
  const std::size_t nearest =
      std::min<std::size_t>(ProbeRule::kNearest.back(), part.rows.size() - 1);
  std::vector<Ranks> ranks(queries.size());
  std::atomic<std::size_t> done{0};
  std::atomic<bool> stop{false};
  in_parallel(queries.size(), kGroup, options.threads, [&](std::size_t begin, std::size_t end) {
    if (stop) return;
    Group group(part, queries.subspan(begin, end - begin), nearest);
    group.scan();
    auto found = group.ranks();
    std::move(found.begin(), found.end(), ranks.begin() + static_cast<std::ptrdiff_t>(begin));
    const std::size_t so_far = done += end - begin;
    if (!options.on_progress(static_cast<double>(so_far) / static_cast<double>(queries.size())))
      stop = true;
  });
  if (stop) return base::fail(base::ErrorCode::kCancelled, "the training was cancelled");
  std::uint32_t fewest = 1;
  for (std::size_t i = 0; i < rule.lists.size() && ProbeRule::kNearest[i] <= nearest; ++i) {
    fewest = std::max(
        fewest, fewest_lists(ranks, ProbeRule::kNearest[i], kRecallWanted[i], part.nlist())
    );
    rule.lists[i] = fewest;
  }
  return rule;
}

}  // namespace mlgraph::index
