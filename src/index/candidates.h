#pragma once
// Rows that may be among the nearest by their codes, to be measured again by their values.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "index/scalar_quantizer.h"
#include "index/sealed_part.h"

namespace mlgraph::index {

/// Keeps the k nearest by their codes, and whatever is so little farther that the codes' error may
/// have put it there.
/// Memory     twice what is kept, and no more than kMost beyond k, however many rows share a code.
/// Threads    confined to one search.
class Candidates {
 public:
  static constexpr std::size_t kMost = 32'768;
  struct Candidate {
    float distance;
    std::uint32_t position;
  };

  Candidates(std::size_t k, const CodedQuery& query)
      : k_(k), query_(query), limit_(std::max<std::size_t>(4 * k, 64)) {
    kept_.reserve(limit_);
  }
  /// Farther rows need not be added.
  [[nodiscard]] float reach() const { return reach_; }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  void add(float distance, std::uint32_t position) {
    kept_.push_back({distance, position});
    if (kept_.size() >= limit_) trim();
  }
  /// What is left: the end of this object's use.
  [[nodiscard]] std::vector<Candidate> take();
  /// Offers what is left to `search.top` by its values.
  void measure_again(const SealedPart& part, PartSearch& search);

 private:
  void trim();

  const std::size_t k_;
  const CodedQuery& query_;
  std::size_t limit_;
  float reach_ = std::numeric_limits<float>::max();
  std::vector<Candidate> kept_;
};

}  // namespace mlgraph::index
