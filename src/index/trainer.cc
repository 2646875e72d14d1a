#include "index/trainer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <omp.h>

#include "index/kernels.h"
#include "index/top_k.h"

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kSampleMax = 50'000;
constexpr int kIterations = 10;
constexpr std::size_t kQueries = 100;
constexpr std::size_t kRecallAt = 10;
constexpr double kRecallWanted =
    0.965;  // a little above 0.95: queries from outside the set are harder

tl::unexpected<base::Error> cancelled() {
  return fail(ErrorCode::kCancelled, "the training was cancelled");
}

bool spherical(model::Metric metric) { return metric != model::Metric::kL2; }

std::uint32_t choose_nlist(const TrainingSet& set, const TrainOptions& options) {
  const std::size_t n = set.rows.size();
  const auto automatic = static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(n)));
  const std::size_t wanted =
      options.num_centroids ? options.num_centroids : std::min(automatic, n / 39);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(n, 1))
  );
}

std::vector<std::size_t> choose(std::size_t n, std::size_t wanted, std::mt19937_64& random) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  wanted = std::min(wanted, n);
  for (std::size_t i = 0; i < wanted; ++i)
    std::swap(all[i], all[std::uniform_int_distribution<std::size_t>(i, n - 1)(random)]);
  all.resize(wanted);
  return all;
}

/// Runs `work(begin, end)` over [0, n) on `threads` threads of its own.
void in_parallel(
    std::size_t n, std::size_t threads, const std::function<void(std::size_t, std::size_t)>& work
) {
  constexpr std::size_t kStep = 1'024;
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t begin; (begin = next.fetch_add(kStep)) < n;)
      work(begin, std::min(n, begin + kStep));
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(run);
  run();
  for (auto& helper : helpers) helper.join();
}

void scores(
    model::Metric metric,
    const float* query,
    const float* rows,
    std::size_t n,
    std::size_t dim,
    float* out
) {
  if (metric == model::Metric::kL2) return kernels().squared_l2(query, rows, n, dim, out);
  kernels().dot(query, rows, n, dim, out);
  for (std::size_t i = 0; i < n; ++i) out[i] = -out[i];
}

/// Which of two equally near rows is a neighbour makes no difference to the calibration.
class NoIds final : public RowIds {
 public:
  std::string_view id_of(const Found&) const override { return {}; }
};

class Builder {
 public:
  Builder(
      const TrainingSet& set,
      const TrainOptions& options,
      const std::function<bool(std::string_view, double)>& progress
  )
      : set_(set),
        options_(options),
        progress_(progress),
        random_(options.seed),
        nlist_(choose_nlist(set, options)) {}

  Result<std::shared_ptr<IvfPart>> build() {
    part_->dim = set_.dim;
    part_->metric = set_.metric;
    part_->rows_upto = set_.rows_upto;
    MLG_TRY_VOID(cluster());
    MLG_TRY_VOID(assign());
    MLG_TRY_VOID(calibrate());
    part_->index_positions();
    return part_;
  }

 private:
  Result<void> cluster() {
    const auto sample =
        choose(set_.rows.size(), std::max(kSampleMax, std::size_t{nlist_}), random_);
    std::vector<float> points(sample.size() * set_.dim);
    for (std::size_t i = 0; i < sample.size(); ++i)
      std::memcpy(points.data() + i * set_.dim, set_.values[sample[i]], set_.dim * sizeof(float));
    omp_set_num_threads(static_cast<int>(options_.threads));
    std::vector<float> centroids;
    for (int step = 0; step < kIterations; ++step) {
      if (!progress_("training", static_cast<double>(step) / kIterations)) return cancelled();
      try {
        // One iteration a call, from where the last one stopped: so that it can be watched and
        // cancelled.
        faiss::ClusteringParameters parameters;
        parameters.niter = 1;
        parameters.spherical = spherical(set_.metric);
        parameters.min_points_per_centroid = 1;
        parameters.max_points_per_centroid = 1'000'000;
        parameters.seed = static_cast<int>(options_.seed);
        faiss::Clustering clustering(
            static_cast<int>(set_.dim), static_cast<int>(nlist_), parameters
        );
        clustering.centroids = std::move(centroids);
        faiss::IndexFlat index(
            static_cast<faiss::Index::idx_t>(set_.dim),
            spherical(set_.metric) ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2
        );
        clustering.train(static_cast<faiss::Index::idx_t>(sample.size()), points.data(), index);
        centroids = std::move(clustering.centroids);
      } catch (const std::exception& error) {
        return fail(ErrorCode::kInternal, "k-means failed: {}", error.what());
      }
    }
    part_->centroids = std::move(centroids);
    return {};
  }

  Result<void> assign() {
    const std::size_t n = set_.rows.size();
    std::vector<std::uint32_t> list_of(n);
    std::atomic<std::size_t> done{0};
    std::atomic<bool> stop{false};
    in_parallel(n, options_.threads, [&](std::size_t begin, std::size_t end) {
      if (stop) return;
      std::vector<float> out(nlist_);
      for (std::size_t i = begin; i < end; ++i) {
        scores(set_.metric, set_.values[i], part_->centroids.data(), nlist_, set_.dim, out.data());
        list_of[i] =
            static_cast<std::uint32_t>(std::min_element(out.begin(), out.end()) - out.begin());
      }
      const std::size_t so_far = done.fetch_add(end - begin) + (end - begin);
      if (!progress_("assigning", static_cast<double>(so_far) / static_cast<double>(n)))
        stop = true;
    });
    if (stop) return cancelled();
    part_->offsets.assign(nlist_ + 1, 0);
    for (const auto list : list_of) ++part_->offsets[list + 1];
    std::partial_sum(part_->offsets.begin(), part_->offsets.end(), part_->offsets.begin());
    part_->rows.resize(n);
    part_->values.resize(n * set_.dim);
    auto next = part_->offsets;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t at = next[list_of[i]]++;
      part_->rows[at] = set_.rows[i];
      std::memcpy(part_->values.data() + at * set_.dim, set_.values[i], set_.dim * sizeof(float));
    }
    return {};
  }

  // The smallest nprobe whose results hold kRecallWanted of the true nearest, measured on rows of
  // the set (each left out of its own answer).
  Result<void> calibrate() {
    const std::size_t n = set_.rows.size();
    if (nlist_ == 1 || n < 2 * kRecallAt) {
      part_->nprobe = nlist_;
      return {};
    }
    const auto queries = choose(n, kQueries, random_);
    // needed[p]: how many true neighbours are found once the p nearest lists are probed.
    std::vector<std::size_t> found_at(nlist_ + 1, 0);
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> done{0};
    std::vector<std::vector<std::uint32_t>> ranks(queries.size());
    in_parallel(queries.size() * 1'024, options_.threads, [&](std::size_t begin, std::size_t) {
      const std::size_t q = begin / 1'024;
      if (stop) return;
      ranks[q] = neighbour_ranks(set_.values[queries[q]], set_.rows[queries[q]]);
      if (!progress_(
              "calibrating", static_cast<double>(++done) / static_cast<double>(queries.size())
          ))
        stop = true;
    });
    if (stop) return cancelled();
    std::size_t wanted = 0;
    for (const auto& each : ranks) {
      wanted += each.size();
      for (const auto rank : each) ++found_at[rank + 1];
    }
    std::size_t found = 0;
    part_->nprobe = nlist_;
    for (std::uint32_t probed = 1; probed <= nlist_; ++probed) {
      found += found_at[probed];
      if (static_cast<double>(found) >= kRecallWanted * static_cast<double>(wanted)) {
        part_->nprobe = probed;
        break;
      }
    }
    return {};
  }

  /// For each of the true nearest rows of `query`: the rank (0: nearest) of the list that holds it.
  std::vector<std::uint32_t> neighbour_ranks(const float* query, std::uint32_t self) const {
    std::vector<float> out(std::max<std::size_t>(nlist_, 4'096));
    scores(set_.metric, query, part_->centroids.data(), nlist_, set_.dim, out.data());
    std::vector<std::uint32_t> order(nlist_);
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return out[a] < out[b]; });
    std::vector<std::uint32_t> rank_of(nlist_);
    for (std::uint32_t i = 0; i < nlist_; ++i) rank_of[order[i]] = i;

    const NoIds ids;
    TopK nearest(kRecallAt, ids);
    for (std::uint32_t list = 0; list < nlist_; ++list)
      for (std::size_t at = part_->offsets[list]; at < part_->offsets[list + 1];) {
        const std::size_t count = std::min<std::size_t>(4'096, part_->offsets[list + 1] - at);
        scores(
            set_.metric, query, part_->values.data() + at * set_.dim, count, set_.dim, out.data()
        );
        for (std::size_t i = 0; i < count; ++i)
          if (out[i] < nearest.reach() && part_->rows[at + i] != self)
            nearest.offer({static_cast<double>(out[i]), list, 0});
        at += count;
      }
    std::vector<std::uint32_t> ranks;
    for (const auto& found : nearest.take()) ranks.push_back(rank_of[found.shard]);
    return ranks;
  }

  const TrainingSet& set_;
  const TrainOptions& options_;
  const std::function<bool(std::string_view, double)>& progress_;
  std::mt19937_64 random_;
  const std::uint32_t nlist_;
  std::shared_ptr<IvfPart> part_ = std::make_shared<IvfPart>();
};

}  // namespace

Result<std::shared_ptr<IvfPart>> build_part(
    const TrainingSet& set,
    const TrainOptions& options,
    const std::function<bool(std::string_view, double)>& on_progress
) {
  return Builder(set, options, on_progress).build();
}

}  // namespace mlgraph::index
