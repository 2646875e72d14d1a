#pragma once
// Counting without locks on the way in: what the server measures about itself.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace mlgraph::metrics {

/// A log-linear histogram of durations: 32 buckets per power of two (error below 3 %), from 1 µs to
/// over an hour. Threads: shared; record() is two relaxed adds.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 32 * 32;
  using Counts = std::array<std::uint64_t, kBuckets>;
  void record(std::chrono::nanoseconds duration);
  [[nodiscard]] Counts counts() const;  ///< since birth
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] double sum_seconds() const;

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

/// The q-quantile (0..1) of a count table, in seconds; 0 when it is empty.
[[nodiscard]] double quantile_seconds(const Histogram::Counts& counts, double q);

/// A histogram seen over the last `kWindow` (10 s): differences of its counts, kept per second.
/// Threads: confined to the sampler, which calls tick() once a second.
class WindowedQuantiles {
 public:
  static constexpr std::size_t kWindow = 10;
  explicit WindowedQuantiles(const Histogram& histogram) : histogram_(histogram) {}
  void tick();
  [[nodiscard]] double seconds(double q) const;

 private:
  const Histogram& histogram_;
  std::array<Histogram::Counts, kWindow + 1> snapshots_{};
  std::size_t ticks_ = 0;
};

/// Events counted over a sliding second, in tenths: what "qps" says.
/// Threads: shared.
class SlidingRate {
 public:
  void add(base::SteadyTime now, std::uint64_t n = 1);
  [[nodiscard]] double per_second(base::SteadyTime now) const;

 private:
  static constexpr std::size_t kSlots = 16;
  struct Slot {
    std::atomic<std::int64_t> tenth{-1};
    std::atomic<std::uint64_t> count{0};
  };
  std::array<Slot, kSlots> slots_;
};

}  // namespace mlgraph::metrics
