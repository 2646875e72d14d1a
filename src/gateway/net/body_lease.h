#pragma once
#include <atomic>
#include <cstddef>

namespace mlgraph::gateway {

/// One body's part of the bytes that all bodies in memory share. It grows as bytes really come:
/// what a client only announces takes nothing from the others.
/// Threads    confined; the sum is shared.
class BodyLease {
 public:
  BodyLease(std::atomic<std::size_t>& sum, std::size_t sum_max) : sum_(sum), sum_max_(sum_max) {}
  ~BodyLease() { sum_.fetch_sub(held_); }
  BodyLease(const BodyLease&) = delete;
  BodyLease& operator=(const BodyLease&) = delete;

  /// false when the bodies together would hold more than they may; what it had it keeps.
  [[nodiscard]] bool try_grow_to(std::size_t bytes) {
    if (bytes <= held_) return true;
    const std::size_t more = bytes - held_;
    if (sum_.fetch_add(more) + more > sum_max_) {
      sum_.fetch_sub(more);
      return false;
    }
    held_ = bytes;
    return true;
  }

 private:
  std::atomic<std::size_t>& sum_;
  const std::size_t sum_max_;
  std::size_t held_ = 0;
};

}  // namespace mlgraph::gateway
