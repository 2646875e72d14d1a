#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace mlgraph::client {

/// The page's reconnect delays: 1 s, 2 s, 4 s … at most 30 s, with full jitter: each is drawn
/// evenly from nothing up to its bound, on top of what the server asked for. So clients that were
/// cut at one moment and told one least delay still come back spread out.
class Backoff {
 public:
  struct Options {
    std::chrono::milliseconds first{1'000};
    std::chrono::milliseconds max{30'000};
    std::uint64_t seed = 0;
  };
  explicit Backoff(Options options)
      : options_(options), bound_(options.first), random_(options.seed) {}

  [[nodiscard]] std::chrono::milliseconds next(std::chrono::milliseconds least = {}) {
    std::uniform_int_distribution<std::int64_t> draw(0, bound_.count());
    const std::chrono::milliseconds delay(draw(random_));
    bound_ = std::min(options_.max, bound_ * 2);
    return std::max(least, std::chrono::milliseconds(0)) + delay;
  }
  /// Of the next draw, before what the server asks for.
  [[nodiscard]] std::chrono::milliseconds bound() const { return bound_; }
  /// The connection has proved good: the next failure is a first one again.
  void reset() { bound_ = options_.first; }

 private:
  Options options_;
  std::chrono::milliseconds bound_;
  std::mt19937_64 random_;
};

}  // namespace mlgraph::client
