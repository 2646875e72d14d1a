#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace mlgraph::index {

/// A row found: `distance` ascending is nearer.
struct Found {
  double distance = 0;
  std::uint32_t shard = 0;
  std::uint32_t row = 0;
};

/// Knows the ids of what is found. Asked only where distances are equal, so a search that has no
/// ties never pays for it.
class RowIds {
 public:
  virtual ~RowIds() = default;
  /// Stays valid for as long as the search lasts.
  [[nodiscard]] virtual std::string_view id_of(const Found& found) const = 0;
};

/// The first k of all rows offered so far, in the order of (distance, id).
/// Invariant  no row left out comes before one that is kept. Memory: k entries, however many rows
///            are equally near. Threads: confined to one search.
class TopK {
 public:
  TopK(std::size_t k, const RowIds& ids) : k_(k), before_{&ids} {
    heap_.reserve(std::min<std::size_t>(k, 1'024));
  }
  /// Rows farther than this are not worth offering; one as far may win by its id.
  [[nodiscard]] double threshold() const { return threshold_; }
  /// threshold() for 32-bit distances: the least float that is not below it.
  [[nodiscard]] float reach() const { return reach_; }

  void offer(const Found& found) {
    if (heap_.size() < k_) {
      heap_.push_back(found);
    } else {
      if (!before_(found, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), before_);
      heap_.back() = found;
    }
    std::push_heap(heap_.begin(), heap_.end(), before_);
    if (heap_.size() == k_) limit_to(heap_.front().distance);
  }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  [[nodiscard]] bool full() const { return heap_.size() == k_; }
  /// What was kept, nearest first. The end of this object's use.
  [[nodiscard]] std::vector<Found> take() {
    std::sort_heap(heap_.begin(), heap_.end(), before_);
    return std::move(heap_);
  }

 private:
  struct Before {
    const RowIds* ids;
    bool operator()(const Found& a, const Found& b) const {
      if (a.distance != b.distance) return a.distance < b.distance;
      return ids->id_of(a) < ids->id_of(b);
    }
  };
  void limit_to(double distance) {
    constexpr auto kLargest = static_cast<double>(std::numeric_limits<float>::max());
    threshold_ = distance;
    if (distance > kLargest) return;  // no 32-bit distance is beyond it
    reach_ = static_cast<float>(std::max(distance, -kLargest));
    if (static_cast<double>(reach_) < distance)
      reach_ = std::nextafter(reach_, std::numeric_limits<float>::infinity());
  }

  const std::size_t k_;
  const Before before_;
  double threshold_ = std::numeric_limits<double>::infinity();
  float reach_ = std::numeric_limits<float>::infinity();
  std::vector<Found> heap_;  ///< the last in order in front
};

}  // namespace mlgraph::index
