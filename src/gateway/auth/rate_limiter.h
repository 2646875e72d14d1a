#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace mlgraph::gateway {

/// A token bucket: starts full, refills evenly. Threads: guarded by its owner.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, base::SteadyTime now)
      : per_second_(per_second), burst_(burst), level_(burst), at_(now) {}
  /// Takes one, or answers how long until one is there.
  [[nodiscard]] bool try_take(base::SteadyTime now, std::chrono::milliseconds& retry_after);
  [[nodiscard]] double level(base::SteadyTime now) const;
  [[nodiscard]] double per_second() const { return per_second_; }
  [[nodiscard]] double burst() const { return burst_; }

 private:
  double per_second_, burst_, level_;
  base::SteadyTime at_;
};

/// REST budgets by token name (and one shared bucket for all unauthenticated refusals), and what
/// alert.rate_limit is made of: one report per bucket and window, within 2 s of its first refusal,
/// with the count so far. Threads: shared. Memory: buckets idle for 10 minutes go.
class RateLimiter {
 public:
  struct Verdict {
    bool allowed = true;
    std::uint32_t limit = 0;  ///< per minute; 0: none (no headers)
    std::uint32_t remaining = 0;
    std::uint32_t reset_seconds = 0;  ///< until the bucket is full
    std::chrono::milliseconds retry_after{0};
  };
  struct Report {
    std::string bucket;  ///< the token's name, or "unauthenticated"
    std::uint32_t limit = 0;
    std::uint32_t window_seconds = 60;
    std::uint64_t rejected = 0;
    std::uint32_t retry_after_seconds = 1;
  };
  explicit RateLimiter(const base::Clock& clock);
  [[nodiscard]] Verdict check(
      const std::string& bucket, std::uint32_t per_minute, std::uint32_t burst
  );
  /// Counts a refusal that was decided elsewhere (per-address back-off, session request rate).
  void count_refusal(
      const std::string& bucket, std::uint32_t limit, std::chrono::milliseconds retry_after
  );
  /// Reports due now: called ten times a second; each becomes one alert.rate_limit.
  [[nodiscard]] std::vector<Report> due_reports();
  void forget(const std::string& bucket);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mlgraph::gateway
