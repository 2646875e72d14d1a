#include "index/distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mlgraph::index {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

/// Without a branch, so that the loop over a block stays a few instructions a row.
bool all_finite(const float* values, std::size_t n) {
  bool finite = true;
  for (std::size_t i = 0; i < n; ++i) finite &= std::abs(values[i]) <= kLargest;
  return finite;
}

}  // namespace

bool Distance::measure(const float* rows, std::size_t n, float* out, const Kernels& with) const {
  const std::size_t dim = query_.size();
  switch (metric_) {
    case model::Metric::kL2:
      with.squared_l2(query_.data(), rows, n, dim, out);
      break;
    case model::Metric::kInnerProduct:
      with.dot(query_.data(), rows, n, dim, out);
      for (std::size_t i = 0; i < n; ++i) out[i] = 0.0F - out[i];  // and no -0
      break;
    case model::Metric::kCosine:
      with.dot(query_.data(), rows, n, dim, out);
      for (std::size_t i = 0; i < n; ++i) out[i] = std::max(0.0F, 1.0F - out[i]);
      break;
  }
  return all_finite(out, n);
}

double Distance::repaired(float measured, const float* row) const {
  if (std::isfinite(measured)) return static_cast<double>(measured);
  double sum = 0;
  for (std::size_t d = 0; d < query_.size(); ++d) {
    const auto a = static_cast<double>(query_[d]);
    const auto b = static_cast<double>(row[d]);
    sum += metric_ == model::Metric::kL2 ? (a - b) * (a - b) : a * b;
  }
  double distance = sum;
  if (metric_ == model::Metric::kInnerProduct) distance = 0.0 - sum;
  if (metric_ == model::Metric::kCosine) distance = std::max(0.0, 1.0 - sum);
  if (std::abs(distance) > static_cast<double>(kLargest)) return distance;
  return static_cast<double>(static_cast<float>(distance));
}

}  // namespace mlgraph::index
