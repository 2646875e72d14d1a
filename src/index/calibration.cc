#include "index/calibration.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "index/in_parallel.h"
#include "index/part_scan.h"

namespace mlgraph::index {
namespace {

using base::Result;

constexpr double kRecallFloor = 0.95;
/// Means to reach, by number of rows: queries of another origin are harder, and of few rows one
/// that is missed counts for more.
constexpr std::array<double, ProbeRule::kNearest.size()> kRecallWanted = {
    0.97, 0.965, 0.96, 0.96, 0.96};
constexpr std::size_t kQueriesMin = 10;
constexpr double kEffortStep = 1.25;  ///< from one tried to the next

/// Which of two equally near rows is a neighbour makes no difference here.
class NoIds final : public RowIds {
 public:
  std::string_view id_of(const Found&) const override { return {}; }
};

/// One search of the part by the row at `query`; positions, nearest first, without the row itself.
class Searching {
 public:
  explicit Searching(const SealedPart& part) : part_(part) {
    for (std::uint32_t i = 0; i < part.segments(); ++i) scopes_.push_back({i, 0, nullptr, nullptr});
  }

  template <typename Search>
  std::optional<std::vector<std::uint32_t>> nearest(
      std::uint32_t query, std::size_t count, Search&& run
  ) const {
    std::vector<float> scratch(part_.dim);
    const float* values = part_.values.block(query, 1, scratch.data());
    if (!values) return std::nullopt;
    const std::vector<float> own(values, values + part_.dim);
    const Distance distance(part_.metric, own);
    TopK top(count + 1, ids_);
    PartSearch search{part_.metric, own, distance, top};
    search.k = count + 1;
    for (const auto& scope : scopes_) search.scopes.push_back(&scope);
    run(search);
    if (search.failed) return std::nullopt;
    std::vector<std::uint32_t> positions;
    for (const auto& found : top.take()) {
      const auto at = part_.position_of(found.shard, found.row);
      if (at != query && positions.size() < count) positions.push_back(at);
    }
    return positions;
  }

 private:
  const SealedPart& part_;
  std::vector<Scope> scopes_;  ///< every row lives
  const NoIds ids_;
};

/// The mean over all queries is what was wanted, and hardly by chance.
bool reaches(std::span<const double> recalls, double wanted) {
  double sum = 0;
  double squares = 0;
  for (const double recall : recalls) {
    sum += recall;
    squares += recall * recall;
  }
  const auto n = static_cast<double>(recalls.size());
  const double mean = sum / n;
  const double error = std::sqrt(std::max(0.0, squares / n - mean * mean) / n);
  return mean >= wanted && mean - 2 * error >= kRecallFloor;
}

/// Runs `measure(i)` for each query on all threads; false of it: the disk failed.
template <typename Measure>
Result<void> each_query(std::size_t n, const CalibrationOptions& options, Measure&& measure) {
  std::atomic<std::size_t> done{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> read{true};
  in_parallel(n, 1, options.threads, [&](std::size_t at, std::size_t) {
    if (stop || !read) return;
    if (!measure(at)) read = false;
    if (!options.on_progress(static_cast<double>(++done) / static_cast<double>(n))) stop = true;
  });
  if (!read)
    return base::fail(
        base::ErrorCode::kInternal, "rows of a sealed part could not be read from the disk"
    );
  if (stop) return base::fail(base::ErrorCode::kCancelled, "the training was cancelled");
  return {};
}

/// Share of the first `count` of `truth` that `found` holds.
double recall(
    std::vector<std::uint32_t> found, const std::vector<std::uint32_t>& truth, std::size_t count
) {
  std::sort(found.begin(), found.end());
  const auto end = truth.begin() + static_cast<std::ptrdiff_t>(std::min(count, truth.size()));
  const auto held = std::count_if(truth.begin(), end, [&](auto at) {
    return std::binary_search(found.begin(), found.end(), at);
  });
  return static_cast<double>(held) / static_cast<double>(count);
}

std::size_t nearest_wanted(std::size_t rows) {
  return std::min<std::size_t>(ProbeRule::kNearest.back(), rows - 1);
}

}  // namespace

Result<ProbeRule> calibrate_lists(
    const IvfPart& part, std::span<const std::uint32_t> queries, const CalibrationOptions& options
) {
  ProbeRule rule;
  rule.effort.fill(part.nlist());
  if (part.nlist() == 1 || queries.size() < kQueriesMin) return rule;
  const std::size_t nearest = nearest_wanted(part.size());
  const Searching searching(part);
  // By query, the ranks (0: probed first) of the lists that hold its nearest rows, nearest first.
  std::vector<std::vector<std::uint32_t>> ranks(queries.size());
  MLG_TRY_VOID(each_query(queries.size(), options, [&](std::size_t at) {
    std::vector<std::uint32_t> rank_of(part.nlist());
    const auto found = searching.nearest(queries[at], nearest, [&](PartSearch& search) {
      ListOrder order(search.distance, search.query, part);
      for (std::uint32_t rank = 0; rank < order.size(); ++rank) rank_of[order.at(rank)] = rank;
      PartScan scan(part, search);
      scan.pass(0, part.size());
      scan.measure_candidates();
    });
    if (!found) return false;
    for (const auto position : *found) {
      const auto behind = std::upper_bound(part.offsets.begin(), part.offsets.end(), position);
      ranks[at].push_back(rank_of[static_cast<std::size_t>(behind - part.offsets.begin()) - 1]);
    }
    return true;
  }));
  const auto recalls = [&](std::size_t count, std::uint32_t lists) {
    std::vector<double> all;
    for (const auto& of : ranks) {
      const auto end = of.begin() + static_cast<std::ptrdiff_t>(std::min(count, of.size()));
      const auto held = std::count_if(of.begin(), end, [&](auto rank) { return rank < lists; });
      all.push_back(static_cast<double>(held) / static_cast<double>(count));
    }
    return all;
  };
  std::uint32_t fewest = 1;
  for (std::size_t i = 0; i < rule.effort.size() && ProbeRule::kNearest[i] <= nearest; ++i) {
    std::uint32_t high = part.nlist();  // all lists hold everything
    while (fewest < high) {
      const std::uint32_t middle = fewest + (high - fewest) / 2;
      if (reaches(recalls(ProbeRule::kNearest[i], middle), kRecallWanted[i]))
        high = middle;
      else
        fewest = middle + 1;
    }
    rule.effort[i] = fewest;
  }
  return rule;
}

Result<ProbeRule> calibrate_graph(
    const GraphPart& part, std::span<const std::uint32_t> queries, const CalibrationOptions& options
) {
  ProbeRule rule;
  const auto linked = static_cast<std::uint32_t>(part.size() - queries.size());
  rule.effort.fill(std::max(1U, static_cast<std::uint32_t>(part.size())));
  if (linked < 2 || queries.size() < kQueriesMin) return rule;
  const std::size_t nearest = nearest_wanted(linked);
  const Searching searching(part);
  std::vector<std::vector<std::uint32_t>> truth(queries.size());
  CalibrationOptions half = options;
  half.on_progress = [&](double fraction) { return options.on_progress(fraction / 2); };
  MLG_TRY_VOID(each_query(queries.size(), half, [&](std::size_t at) {
    auto found = searching.nearest(queries[at], nearest, [&](PartSearch& search) {
      PartScan scan(part, search);
      scan.pass(0, linked);
      scan.measure_candidates();
    });
    if (!found) return false;
    truth[at] = std::move(*found);
    return true;
  }));
  // The least ef that reaches each number of rows, tried one after the other.
  auto ef = static_cast<double>(ProbeRule::kNearest.front());
  std::vector<double> recalls(queries.size());
  for (std::size_t i = 0; i < rule.effort.size() && ProbeRule::kNearest[i] <= nearest; ++i) {
    const std::uint32_t count = ProbeRule::kNearest[i];
    for (ef = std::max(ef, static_cast<double>(count));; ef *= kEffortStep) {
      rule.effort[i] = static_cast<std::uint32_t>(std::min<double>(std::ceil(ef), linked));
      half.on_progress = [&](double fraction) {
        const auto step = static_cast<double>(i) + fraction;
        return options.on_progress(0.5 + step / static_cast<double>(2 * rule.effort.size()));
      };
      MLG_TRY_VOID(each_query(queries.size(), half, [&](std::size_t at) {
        const auto found = searching.nearest(queries[at], count, [&](PartSearch& search) {
          search.ef = rule.effort[i];
          part.search(search);
        });
        if (found) recalls[at] = recall(*found, truth[at], count);
        return found.has_value();
      }));
      if (rule.effort[i] == linked || reaches(recalls, kRecallWanted[i])) break;
    }
  }
  return rule;
}

}  // namespace mlgraph::index
