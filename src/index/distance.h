#pragma once
// Distances as hits tell them: squared L2, 1 - cosine, -dot; ascending is nearer, never infinite
// and never not a number.
#include <cmath>
#include <cstddef>
#include <span>

#include "index/kernels.h"
#include "model/index.h"

namespace mlgraph::index {

/// A distance of any size as one that 32 bits hold, in the same order: for ranking alone.
[[nodiscard]] inline float rank_of(double distance) {
  const double root = std::sqrt(std::abs(distance)) / 16;
  return static_cast<float>(distance < 0 ? -root : root);
}

/// How far rows lie from one query. Rows and query are finite; under COSINE both have length 1.
/// Threads    immutable; the query is borrowed.
class Distance {
 public:
  Distance(model::Metric metric, std::span<const float> query) : metric_(metric), query_(query) {}

  /// `out[i]` = distance of row i of `rows` [n, dim]. False: some of them are beyond 32 bits on
  /// their way or at its end (infinite, or not a number) and must be asked of repaired().
  [[nodiscard]] bool measure(
      const float* rows, std::size_t n, float* out, const Kernels& with = kernels()
  ) const;
  /// The distance of `row` that measure() gave as `measured`: the same number, or where that is not
  /// finite, computed in 64 bits, which no finite row can exceed. What fits into 32 bits is rounded
  /// to them, as every other distance is.
  [[nodiscard]] double repaired(float measured, const float* row) const;
  [[nodiscard]] double of(const float* row) const {
    float measured = 0;
    static_cast<void>(measure(row, 1, &measured));
    return repaired(measured, row);
  }

 private:
  const model::Metric metric_;
  const std::span<const float> query_;
};

}  // namespace mlgraph::index
