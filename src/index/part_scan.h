#pragma once
// Passing over rows of a sealed part that lie side by side, offering what is near enough.
#include <optional>
#include <vector>

#include "index/candidates.h"
#include "index/sealed_part.h"

namespace mlgraph::index {

/// By their codes first where the part has them, and what is near then by its values: end with
/// measure_candidates().
/// Threads    confined to one search.
class PartScan {
 public:
  PartScan(const SealedPart& part, PartSearch& search);

  /// Rows [begin, end) by position.
  void pass(std::size_t begin, std::size_t end);
  /// Null: rows are measured by their values at once.
  [[nodiscard]] Candidates* candidates() { return candidates_ ? &*candidates_ : nullptr; }
  [[nodiscard]] const CodedQuery& coded() const { return *coded_; }
  void measure_candidates() {
    if (candidates_) candidates_->measure_again(part_, search_);
  }
  [[nodiscard]] bool has_k() const {
    return search_.top.size() + (candidates_ ? candidates_->size() : 0) >= search_.k;
  }
  /// Rows that were asked whether they could be hits, and those that could: all, or where many
  /// match those that were near enough. A share near the query either way, and all of them until k
  /// are found.
  [[nodiscard]] std::uint64_t passed() const { return passed_; }
  [[nodiscard]] std::uint64_t matched() const { return matched_; }

 private:
  void by_codes(std::size_t begin, std::size_t end);
  void by_values(std::size_t begin, std::size_t end);
  void matching(std::size_t begin, std::size_t end);
  void offer(std::size_t at, double distance);

  const SealedPart& part_;
  PartSearch& search_;
  std::optional<CodedQuery> coded_;
  std::optional<Candidates> candidates_;
  std::vector<float> scratch_;
  std::uint64_t passed_ = 0;
  std::uint64_t matched_ = 0;
};

}  // namespace mlgraph::index
