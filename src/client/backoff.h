#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace mlgraph::client {

/// The page's reconnect delays: 1 s, 2 s, 4 s … at most 30 s, each drawn evenly from a quarter of
/// its bound up to it, and never less than what the server asked for.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_(seed) {}
  [[nodiscard]] std::chrono::milliseconds next(std::chrono::milliseconds least = {}) {
    const std::int64_t bound = std::min<std::int64_t>(kMaxMs, kFirstMs << std::min(attempt_, 10));
    ++attempt_;
    return std::max(
        least,
        std::chrono::milliseconds(
            std::uniform_int_distribution<std::int64_t>(bound / 4, bound)(random_)
        )
    );
  }
  void reset() { attempt_ = 0; }

 private:
  static constexpr std::int64_t kFirstMs = 1'000;
  static constexpr std::int64_t kMaxMs = 30'000;
  std::mt19937_64 random_;
  int attempt_ = 0;
};

}  // namespace mlgraph::client
