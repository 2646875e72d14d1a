#include "index/scalar_quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "index/kernels.h"

namespace mlgraph::index {
namespace {

constexpr float kCodeMax = 255;
/// Two rows are compared, each with an error of its own: three standard deviations of the
/// difference of two errors, which is the square root of two of one. Of the rows at the very edge,
/// one in seven hundred is not measured again.
constexpr double kDeviations = 3 * std::numbers::sqrt2;
constexpr double kSumMax = std::numeric_limits<std::int32_t>::max();
constexpr double kWeightMax = std::numeric_limits<std::int16_t>::max();

}  // namespace

ScalarQuantizer::ScalarQuantizer(std::vector<float> low, std::vector<float> step)
    : low_(std::move(low)), step_(std::move(step)) {
  // A value lies anywhere within its step: the variance is a twelfth of the step's square. Which
  // direction matters is not known, so the dimensions' mean is taken.
  double squares = 0;
  for (const float each : step_) squares += static_cast<double>(each) * static_cast<double>(each);
  error_ = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, dim())) / 12);
}

float ScalarQuantizer::encode(const float* row, std::uint8_t* codes) const {
  float norm = 0;
  for (std::size_t d = 0; d < dim(); ++d) {
    const float at = step_[d] > 0 ? (row[d] - low_[d]) / step_[d] : 0;
    const float code = std::nearbyint(std::clamp(at, 0.0F, kCodeMax));
    codes[d] = static_cast<std::uint8_t>(code);
    const float from_middle = step_[d] * (code - kMiddle);
    norm += from_middle * from_middle;
  }
  std::fill(codes + dim(), codes + stride(), std::uint8_t{0});
  return norm;
}

RangeFinder::RangeFinder(std::size_t dim)
    : low_(dim, std::numeric_limits<float>::max()),
      high_(dim, std::numeric_limits<float>::lowest()) {}

void RangeFinder::add(const float* row) {
  for (std::size_t d = 0; d < low_.size(); ++d) {
    low_[d] = std::min(low_[d], row[d]);
    high_[d] = std::max(high_[d], row[d]);
  }
}

void RangeFinder::merge(const RangeFinder& other) {
  for (std::size_t d = 0; d < low_.size(); ++d) {
    low_[d] = std::min(low_[d], other.low_[d]);
    high_[d] = std::max(high_[d], other.high_[d]);
  }
}

bool RangeFinder::is_codable() const {
  for (std::size_t d = 0; d < low_.size(); ++d)
    if (low_[d] < -ScalarQuantizer::kValueMax || high_[d] > ScalarQuantizer::kValueMax ||
        low_[d] > high_[d])
      return false;
  return true;
}

ScalarQuantizer RangeFinder::quantizer() const {
  std::vector<float> step(low_.size());
  for (std::size_t d = 0; d < low_.size(); ++d) step[d] = (high_[d] - low_[d]) / kCodeMax;
  return {low_, std::move(step)};
}

CodedQuery::CodedQuery(model::Metric metric, const CodedRows& rows, std::span<const float> query)
    : metric_(metric), rows_(rows), weights_(rows.quantizer.stride(), 0) {
  const ScalarQuantizer& quantizer = rows.quantizer;
  const bool l2 = metric == model::Metric::kL2;
  std::vector<double> exact(query.size());
  double squares = 0;  // of the query, from the middle of the ranges under L2
  double base = 0;
  double sum = 0;
  double largest = 0;
  for (std::size_t d = 0; d < query.size(); ++d) {
    if (std::abs(query[d]) > ScalarQuantizer::kValueMax) codable_ = false;
    const auto middle = static_cast<double>(quantizer.middle(d));
    const auto step = static_cast<double>(quantizer.step()[d]);
    const double value = static_cast<double>(query[d]) - (l2 ? middle : 0);
    squares += value * value;
    exact[d] = value * step;
    base += l2 ? value * value + 2 * ScalarQuantizer::kMiddle * exact[d]
               : static_cast<double>(ScalarQuantizer::kMiddle) * exact[d] - value * middle;
    sum += std::abs(exact[d]);
    largest = std::max(largest, std::abs(exact[d]));
  }
  // As fine as 16 bits are, and so that no sum of codes times weights leaves 32 bits.
  const double unit = std::max(
      largest / kWeightMax,
      sum * static_cast<double>(kCodeMax) / (kSumMax - kCodeMax * static_cast<double>(query.size()))
  );
  for (std::size_t d = 0; d < query.size() && unit > 0; ++d)
    weights_[d] = static_cast<std::int16_t>(std::lround(exact[d] / unit));
  base_ = static_cast<float>(metric == model::Metric::kCosine ? 1 + base : base);
  scale_ = static_cast<float>(l2 ? 2 * unit : unit);
  reach_ = kDeviations * quantizer.error() * (l2 ? 2 : std::sqrt(squares));
}

void CodedQuery::measure(std::size_t at, std::size_t n, float* out) const {
  constexpr std::size_t kBlock = 256;
  std::int32_t sums[kBlock];
  for (std::size_t done = 0; done < n; done += kBlock) {
    const std::size_t count = std::min(kBlock, n - done);
    kernels().weighted_codes(
        weights_.data(), rows_.at(at + done), count, rows_.quantizer.stride(), sums
    );
    if (metric_ == model::Metric::kL2) {
      const float* norms = rows_.norms.data() + at + done;
      for (std::size_t i = 0; i < count; ++i)
        out[done + i] = base_ + norms[i] - scale_ * static_cast<float>(sums[i]);
    } else {
      for (std::size_t i = 0; i < count; ++i)
        out[done + i] = base_ - scale_ * static_cast<float>(sums[i]);
    }
  }
}

float CodedQuery::margin(float distance) const {
  if (metric_ != model::Metric::kL2) return static_cast<float>(reach_);
  // |q - x - e|² = |q - x|² - 2 (q - x)·e + |e|²: the nearer, the less.
  const double error = reach_ / 2;
  return static_cast<float>(
      reach_ * std::sqrt(static_cast<double>(std::max(0.0F, distance))) + error * error
  );
}

}  // namespace mlgraph::index
