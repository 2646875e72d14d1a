#include "metrics/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mlgraph::metrics {
namespace {

constexpr std::uint64_t kSub = 32;  // buckets per power of two
constexpr std::int64_t kTenthMs = 100;

std::size_t bucket_of(std::uint64_t us) {
  if (us < kSub) return us;
  const auto shift = static_cast<std::uint64_t>(std::bit_width(us)) - 6;
  return std::min<std::size_t>((shift + 1) * kSub + (us >> shift) % kSub, Histogram::kBuckets - 1);
}

/// The middle of a bucket, in microseconds.
double value_of(std::size_t bucket) {
  if (bucket < kSub) return static_cast<double>(bucket) + 0.5;
  const std::size_t shift = bucket / kSub - 1;
  return (static_cast<double>(kSub + bucket % kSub) + 0.5) *
         static_cast<double>(std::uint64_t{1} << shift);
}

}  // namespace

void Histogram::record(std::chrono::nanoseconds duration) {
  const auto us = std::max<std::int64_t>(0, duration.count() / 1'000);
  counts_[bucket_of(static_cast<std::uint64_t>(us))].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(static_cast<std::uint64_t>(us), std::memory_order_relaxed);
}

Histogram::Counts Histogram::counts() const {
  Counts copy;
  for (std::size_t i = 0; i < kBuckets; ++i) copy[i] = counts_[i].load(std::memory_order_relaxed);
  return copy;
}

std::uint64_t Histogram::total() const {
  std::uint64_t sum = 0;
  for (const auto& count : counts_) sum += count.load(std::memory_order_relaxed);
  return sum;
}

double Histogram::sum_seconds() const {
  return static_cast<double>(sum_us_.load(std::memory_order_relaxed)) * 1e-6;
}

double quantile_seconds(const Histogram::Counts& counts, double q) {
  std::uint64_t total = 0;
  for (const auto count : counts) total += count;
  if (total == 0) return 0;
  // Nearest rank: the least value that at least the fraction q of all does not exceed.
  const auto at_least = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
  const auto rank = std::clamp<std::uint64_t>(at_least, 1, total) - 1;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if ((seen += counts[i]) > rank) return value_of(i) * 1e-6;
  return 0;
}

void WindowedQuantiles::tick() {
  snapshots_[ticks_ % snapshots_.size()] = histogram_.counts();
  ++ticks_;
}

double WindowedQuantiles::seconds(double q) const {
  if (ticks_ == 0) return 0;
  const auto& newest = snapshots_[(ticks_ - 1) % snapshots_.size()];
  Histogram::Counts window = newest;
  if (ticks_ > kWindow) {
    const auto& oldest = snapshots_[ticks_ % snapshots_.size()];
    for (std::size_t i = 0; i < window.size(); ++i) window[i] -= oldest[i];
  }
  return quantile_seconds(window, q);
}

void SlidingRate::add(base::SteadyTime now, std::uint64_t n) {
  const auto tenth =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() /
      kTenthMs;
  Slot& slot = slots_[static_cast<std::size_t>(tenth) % kSlots];
  auto held = slot.tenth.load(std::memory_order_relaxed);
  // Whoever finds an old tenth starts it anew; an event counted in that instant by another thread
  // may be lost.
  if (held != tenth && slot.tenth.compare_exchange_strong(held, tenth, std::memory_order_relaxed))
    slot.count.store(0, std::memory_order_relaxed);
  slot.count.fetch_add(n, std::memory_order_relaxed);
}

double SlidingRate::per_second(base::SteadyTime now) const {
  constexpr std::int64_t kTenths = 10;
  const auto tenth =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() /
      kTenthMs;
  std::uint64_t sum = 0;
  for (const auto& slot : slots_) {
    const auto at = slot.tenth.load(std::memory_order_relaxed);
    if (at >= tenth - kTenths && at < tenth)
      sum += slot.count.load(std::memory_order_relaxed);  // whole tenths only
  }
  return static_cast<double>(sum);
}

}  // namespace mlgraph::metrics
