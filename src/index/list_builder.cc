// building::arrange_lists: centroids by FAISS, rows to the list of the nearest.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <omp.h>

#include "index/in_parallel.h"
#include "index/part_builder.h"

namespace mlgraph::index::building {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kSampleMin = 50'000;
constexpr std::size_t kSamplePerList = 16;
constexpr int kIterations = 10;
constexpr std::size_t kQueriesMax = 1'000;
constexpr std::size_t kRowsPerQuery = 5;  ///< one row in so many at most is kept for calibrating
constexpr std::size_t kAssignStep = 1'024;

/// How rows are brought together. Under IP by place, not by direction: long rows are near for many
/// queries, and lists of long rows are then looked into first. Measured on 59,500 sentence vectors
/// of mixed lengths: half as many rows are passed for the same recall.
model::Metric clustered_by(model::Metric metric) {
  return metric == model::Metric::kCosine ? metric : model::Metric::kL2;
}
bool spherical(model::Metric metric) { return clustered_by(metric) == model::Metric::kCosine; }

std::uint32_t choose_nlist(std::size_t n, const BuildOptions& options) {
  const auto automatic = static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(n)));
  const std::size_t wanted =
      options.num_centroids ? options.num_centroids : std::min(automatic, n / 39);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(n, 1))
  );
}

/// Points as k-means can take them: it adds squares up in 32 bits. Scaled so that the middle one is
/// of ordinary size, if it is not; what is far larger still is cut off, and so lies at the edge.
class Points {
 public:
  /// False: the disk did not give a row.
  [[nodiscard]] bool fill(const TrainingSet& set, std::span<const std::uint32_t> sample) {
    values_.resize(sample.size() * set.dim);
    std::vector<float> largest;
    float* out = values_.data();
    for (const auto at : sample) {
      const float* row = set.values(at, out);
      if (!row) return false;
      float most = 0;
      for (std::size_t d = 0; d < set.dim; ++d) {
        out[d] = row[d];
        most = std::max(most, std::abs(row[d]));
      }
      out += set.dim;
      largest.push_back(most);
    }
    const auto middle = largest.begin() + static_cast<std::ptrdiff_t>(largest.size() / 2);
    std::nth_element(largest.begin(), middle, largest.end());
    if (*middle > kOrdinary || (*middle > 0 && *middle < 1 / kOrdinary)) scale_ = *middle;
    for (auto& value : values_) value = std::clamp(value / scale_, -kEdge, kEdge);
    return true;
  }
  [[nodiscard]] const float* data() const { return values_.data(); }
  void scale_back(std::vector<float>& centroids) const {
    constexpr float kLargest = std::numeric_limits<float>::max();
    for (auto& value : centroids) value = std::clamp(value * scale_, -kLargest, kLargest);
  }

 private:
  static constexpr float kOrdinary = 1e9F;
  static constexpr float kEdge = 1e15F;
  float scale_ = 1;
  std::vector<float> values_;
};

class Arranger {
 public:
  Arranger(const TrainingSet& set, const BuildOptions& options, const BuildProgress& progress)
      : set_(set), options_(options), progress_(progress) {}

  Result<Arranged> arrange() {
    if (options_.like) {
      part_->centroids = options_.like->centroids;
      part_->probing = options_.like->probing;
      nlist_ = options_.like->nlist();
    } else {
      nlist_ = choose_nlist(set_.size(), options_);
      choose_rows();
      MLG_TRY_VOID(cluster());
    }
    part_->dim = set_.dim;
    part_->metric = set_.metric;
    part_->offsets.assign(nlist_ + 1, 0);
    part_->code_centroids();
    MLG_TRY_VOID(assign());
    Arranged arranged{part_, std::move(order_), {}};
    take_rows(*part_, set_, arranged.order);
    std::vector<std::uint32_t> position_of(set_.size());
    for (std::uint32_t at = 0; at < arranged.order.size(); ++at)
      position_of[arranged.order[at]] = at;
    for (const auto query : queries_) arranged.queries.push_back(position_of[query]);
    return arranged;
  }

 private:
  // Rows to calibrate with are kept out of the clustering, as far as it has enough without them.
  void choose_rows() {
    const std::size_t n = set_.size();
    const std::size_t queries = std::min(kQueriesMax, n / kRowsPerQuery);
    const std::size_t sample = std::max(kSampleMin, kSamplePerList * nlist_);
    const auto chosen = shuffled(n, queries + sample, options_.seed);
    const auto begin = chosen.begin();
    queries_.assign(begin, begin + static_cast<std::ptrdiff_t>(queries));
    const std::size_t from = std::min(queries, n - nlist_);
    sample_.assign(
        begin + static_cast<std::ptrdiff_t>(from),
        begin + static_cast<std::ptrdiff_t>(std::min(n, from + sample))
    );
  }

  Result<void> cluster() {
    Points points;
    if (!points.fill(set_, sample_)) return unreadable();
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
        clustering.train(static_cast<faiss::Index::idx_t>(sample_.size()), points.data(), index);
        centroids = std::move(clustering.centroids);
      } catch (const std::exception& error) {
        return fail(ErrorCode::kInternal, "k-means failed: {}", error.what());
      }
    }
    if (!spherical(set_.metric)) points.scale_back(centroids);
    part_->centroids = std::move(centroids);
    return {};
  }

  Result<void> assign() {
    const std::size_t n = set_.size();
    std::vector<std::uint32_t> list_of(n);
    std::atomic<std::size_t> done{0};
    std::atomic<bool> stop{false};
    std::atomic<bool> read{true};
    in_parallel(n, kAssignStep, options_.threads, [&](std::size_t begin, std::size_t end) {
      if (stop || !read) return;
      std::vector<float> measured(nlist_);
      std::vector<float> scratch(set_.dim);
      for (std::size_t i = begin; i < end && read; ++i) {
        list_of[i] = former_list(set_.rows[i]);
        if (list_of[i] != SealedPart::kNowhere) continue;
        const float* row = set_.values(i, scratch.data());
        if (row)
          list_of[i] = nearest_list(row, measured);
        else
          read = false;
      }
      const std::size_t so_far = done.fetch_add(end - begin) + (end - begin);
      if (!progress_("assigning", static_cast<double>(so_far) / static_cast<double>(n)))
        stop = true;
    });
    if (!read) return unreadable();
    if (stop) return cancelled();
    for (const auto list : list_of) ++part_->offsets[list + 1];
    std::partial_sum(part_->offsets.begin(), part_->offsets.end(), part_->offsets.begin());
    order_.resize(n);
    auto next = part_->offsets;
    for (std::uint32_t i = 0; i < n; ++i) order_[next[list_of[i]]++] = i;
    return {};
  }

  /// Where the same centroids are kept, the row's list is known; else, and for a row of the head,
  /// kNowhere.
  [[nodiscard]] std::uint32_t former_list(const TrainingSet::Row& row) const {
    if (row.position == SealedPart::kNowhere || set_.views[row.segment]->part != options_.like)
      return SealedPart::kNowhere;
    const auto& offsets = options_.like->offsets;
    const auto behind = std::upper_bound(offsets.begin(), offsets.end(), row.position);
    return static_cast<std::uint32_t>(behind - offsets.begin()) - 1;
  }

  std::uint32_t nearest_list(const float* row, std::vector<float>& measured) const {
    const auto metric = clustered_by(set_.metric);
    const std::span<const float> query{row, set_.dim};
    const Distance distance(metric, query);
    if (part_->coded_centroids) {
      const CodedQuery coded(metric, *part_->coded_centroids, query);
      if (coded.is_codable()) return nearest_by_codes(coded, distance, measured);
    }
    if (distance.measure(part_->centroids.data(), nlist_, measured.data())) return least(measured);
    const auto of = [&](std::uint32_t list) {
      return distance.repaired(measured[list], part_->centroid(list));
    };
    std::uint32_t nearest = 0;
    for (std::uint32_t list = 1; list < nlist_; ++list)
      if (of(list) < of(nearest)) nearest = list;
    return nearest;
  }
  /// Codes stay in the cache; only those about as near as the nearest are measured by their values.
  std::uint32_t nearest_by_codes(
      const CodedQuery& coded, const Distance& distance, std::vector<float>& measured
  ) const {
    coded.measure(0, nlist_, measured.data());
    const auto leasts = least_of_blocks(measured);
    const float least = *std::min_element(leasts.begin(), leasts.end());
    const float reach = least + coded.margin(least);
    std::uint32_t nearest = 0;
    double nearest_distance = std::numeric_limits<double>::infinity();
    for (std::uint32_t block = 0; block < leasts.size(); ++block) {
      if (leasts[block] > reach) continue;
      const std::uint32_t end = std::min(nlist_, (block + 1) * kLeastBlock);
      for (std::uint32_t list = block * kLeastBlock; list < end; ++list) {
        if (measured[list] > reach) continue;
        const double exact = distance.of(part_->centroid(list));
        if (exact >= nearest_distance) continue;
        nearest = list;
        nearest_distance = exact;
      }
    }
    return nearest;
  }

  static constexpr std::uint32_t kLeastBlock = 64;
  /// Four at a time: one after the other, finding the least took as long as measuring.
  static std::vector<float> least_of_blocks(const std::vector<float>& measured) {
    using Four = float __attribute__((vector_size(16)));
    std::vector<float> leasts;
    leasts.reserve(measured.size() / kLeastBlock + 1);
    std::size_t at = 0;
    for (; at + kLeastBlock <= measured.size(); at += kLeastBlock) {
      Four least;
      std::memcpy(&least, measured.data() + at, sizeof least);
      for (std::size_t i = 4; i < kLeastBlock; i += 4) {
        Four next;
        std::memcpy(&next, measured.data() + at + i, sizeof next);
        least = next < least ? next : least;
      }
      leasts.push_back(std::min(std::min(least[0], least[1]), std::min(least[2], least[3])));
    }
    if (at < measured.size())
      leasts.push_back(
          *std::min_element(measured.begin() + static_cast<std::ptrdiff_t>(at), measured.end())
      );
    return leasts;
  }
  static std::uint32_t least(const std::vector<float>& measured) {
    return static_cast<std::uint32_t>(
        std::min_element(measured.begin(), measured.end()) - measured.begin()
    );
  }

  const TrainingSet& set_;
  const BuildOptions& options_;
  const BuildProgress& progress_;
  std::uint32_t nlist_ = 1;
  std::vector<std::uint32_t> queries_;  ///< places in the set
  std::vector<std::uint32_t> sample_;
  std::vector<std::uint32_t> order_;
  std::shared_ptr<IvfPart> part_ = std::make_shared<IvfPart>();
};

}  // namespace

Result<Arranged> arrange_lists(
    const TrainingSet& set, const BuildOptions& options, const BuildProgress& progress
) {
  return Arranger(set, options, progress).arrange();
}

}  // namespace mlgraph::index::building
