#pragma once
// Rows in a byte a value, and a query that measures how far such rows lie.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/huge_vector.h"
#include "model/index.h"

namespace mlgraph::index {

/// Each dimension's range of values, cut into 255 steps.
/// Threads    immutable once fitted.
class ScalarQuantizer {
 public:
  static constexpr std::size_t kAlign = 16;  ///< bytes that kernels read at once
  /// Beyond it squares leave 32 bits: such rows are not coded.
  static constexpr float kValueMax = 1e15F;

  ScalarQuantizer() = default;
  ScalarQuantizer(std::vector<float> low, std::vector<float> step);

  [[nodiscard]] std::size_t dim() const { return low_.size(); }
  /// Bytes from one coded row to the next: dim, rounded up to kAlign; what is added is zero.
  [[nodiscard]] std::size_t stride() const { return (dim() + kAlign - 1) / kAlign * kAlign; }
  [[nodiscard]] const std::vector<float>& low() const { return low_; }
  [[nodiscard]] const std::vector<float>& step() const { return step_; }
  /// Where the middle of a dimension's range lies.
  [[nodiscard]] float middle(std::size_t d) const { return low_[d] + kMiddle * step_[d]; }
  /// Standard deviation of a coded row's error along any one direction.
  [[nodiscard]] double error() const { return error_; }

  /// `row` [dim] into `codes` [stride]. Returns the squared length of what the codes stand for,
  /// from the middle of the ranges.
  float encode(const float* row, std::uint8_t* codes) const;

  static constexpr float kMiddle = 127.5F;

 private:
  std::vector<float> low_;
  std::vector<float> step_;
  double error_ = 0;
};

/// Finds the ranges of rows, piece by piece. Threads: confined; merge() brings several together.
class RangeFinder {
 public:
  explicit RangeFinder(std::size_t dim);
  void add(const float* row);
  void merge(const RangeFinder& other);
  /// Whether every value seen can be coded.
  [[nodiscard]] bool is_codable() const;
  [[nodiscard]] ScalarQuantizer quantizer() const;

 private:
  std::vector<float> low_;
  std::vector<float> high_;
};

/// Coded rows, one after the other.
struct CodedRows {
  ScalarQuantizer quantizer;
  HugeVector<std::uint8_t> bytes;  ///< [n, stride]
  std::vector<float> norms;        ///< [n], what encode() returned
  [[nodiscard]] const std::uint8_t* at(std::size_t row) const {
    return bytes.data() + row * quantizer.stride();
  }
};

/// A query as it is measured against coded rows. The distance is that to the row which the codes
/// stand for, its query's side rounded to 16 bits: near enough to choose candidates, which are then
/// measured by their values.
/// Threads    immutable.
class CodedQuery {
 public:
  /// `rows` is borrowed.
  CodedQuery(model::Metric metric, const CodedRows& rows, std::span<const float> query);

  /// False for a query too far out to be coded; then nothing else is asked.
  [[nodiscard]] bool is_codable() const { return codable_; }
  /// `out[i]` for rows [at, at + n).
  void measure(std::size_t at, std::size_t n, float* out) const;
  [[nodiscard]] float of(std::size_t at) const {
    float out = 0;
    measure(at, 1, &out);
    return out;
  }
  /// How far beyond a distance another may be measured although it is as near.
  [[nodiscard]] float margin(float distance) const;

 private:
  const model::Metric metric_;
  const CodedRows& rows_;
  bool codable_ = true;
  std::vector<std::int16_t> weights_;  ///< [stride]
  float base_ = 0;                     ///< what all rows' distances have in common
  float scale_ = 0;                    ///< of one unit of the weighted sum
  double reach_ = 0;                   ///< error of a distance, for a row at distance one
};

}  // namespace mlgraph::index
