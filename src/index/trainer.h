#pragma once
// Makes a sealed part out of rows: centroids by FAISS, lists and calibration by our own kernels.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "index/ivf_part.h"

namespace mlgraph::index {

/// Rows to seal: `rows[i]` are numbers, `values[i]` points to dim floats (normalised for COSINE).
struct TrainingSet {
  std::uint32_t dim = 0;
  model::Metric metric = model::Metric::kL2;
  std::uint32_t rows_upto = 0;
  std::vector<std::uint32_t> rows;
  std::vector<const float*> values;
};

struct TrainOptions {
  std::uint32_t num_centroids = 0;  ///< 0: 4 * sqrt(rows), at least 39 rows a list
  std::size_t threads = 2;
  std::uint64_t seed = 42;
};

/// Phases "training" (one k-means iteration a step), "assigning", "calibrating";
/// `on_progress(phase, 0..1)` false: cancel. cost     k-means on at most 50,000 rows, then rows *
/// nlist distances, then 1,000 * rows. errors   kCancelled, kInternal. source   FAISS Clustering;
/// the calibration measures probing against exact search on rows that the clustering has not seen.
[[nodiscard]] base::Result<std::shared_ptr<IvfPart>> build_part(
    const TrainingSet& set,
    const TrainOptions& options,
    const std::function<bool(std::string_view phase, double fraction)>& on_progress
);

}  // namespace mlgraph::index
