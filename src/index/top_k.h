#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace mlgraph::index {

/// A row found: `score` ascending is nearer.
struct Found {
  float score = 0;
  std::uint32_t shard = 0;
  std::uint32_t row = 0;
};

/// The k least scores offered so far. Threads: confined to one search.
class TopK {
 public:
  explicit TopK(std::size_t k) : k_(k) { heap_.reserve(std::min<std::size_t>(k, 1'024)); }
  /// What a row must be below (or equal, for ties by id) to be worth offering.
  [[nodiscard]] float threshold() const { return threshold_; }
  void offer(Found found) {
    if (heap_.size() < k_) {
      heap_.push_back(found);
      std::push_heap(heap_.begin(), heap_.end(), less);
    } else if (found.score < heap_.front().score) {
      std::pop_heap(heap_.begin(), heap_.end(), less);
      heap_.back() = found;
      std::push_heap(heap_.begin(), heap_.end(), less);
    } else if (found.score == heap_.front().score && ties_.size() < kTiesMax) {
      ties_.push_back(found
      );  // equal to the worst: which of them stays is decided by id, at the end
    }
    if (heap_.size() == k_) threshold_ = heap_.front().score;
  }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  /// All candidates: the heap and the ties of its worst score. Unordered.
  [[nodiscard]] std::vector<Found> take() {
    for (const auto& tie : ties_)
      if (!heap_.empty() && tie.score == threshold_) heap_.push_back(tie);
    return std::move(heap_);
  }

 private:
  static constexpr std::size_t kTiesMax = 4'096;
  static bool less(const Found& a, const Found& b) { return a.score < b.score; }
  const std::size_t k_;
  float threshold_ = std::numeric_limits<float>::infinity();
  std::vector<Found> heap_;
  std::vector<Found> ties_;
};

}  // namespace mlgraph::index
