#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/job.h"

namespace mlgraph::jobs {

/// Rows a second as a moving average over about three seconds. Confined to its owner's lock.
class MovingRate {
 public:
  explicit MovingRate(base::SteadyTime begin) : at_(begin) {}
  void add(std::uint64_t n, base::SteadyTime now);
  [[nodiscard]] double per_second(base::SteadyTime now);

 private:
  void settle(base::SteadyTime now);
  static constexpr double kSeconds = 3.0;
  base::SteadyTime at_;
  std::uint64_t pending_ = 0;
  double rate_ = 0;
  bool measured_ = false;
};

/// The wire name of a job's error: "cancelled", "interrupted", "bad_request", …
[[nodiscard]] std::string error_name(base::ErrorCode code);

}  // namespace mlgraph::jobs
