#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/job.h"

namespace mlgraph::jobs {

/// Progress while a job runs stays below 1, which its end alone says.
inline constexpr double kProgressBeforeTheEnd = 0.9999;

/// Work a second as a moving average over about three seconds. Confined to its owner's lock.
class MovingRate {
 public:
  explicit MovingRate(base::SteadyTime begin) : settled_at_(begin), added_at_(begin) {}
  void add(std::uint64_t n, base::SteadyTime now);
  [[nodiscard]] double per_second(base::SteadyTime now);

 private:
  void settle(base::SteadyTime now);
  static constexpr double kSeconds = 3.0;
  base::SteadyTime settled_at_;
  base::SteadyTime added_at_;
  base::SteadyTime::duration gap_{};  ///< between the last two reports
  std::uint64_t pending_ = 0;
  double rate_ = 0;
  bool measured_ = false;
};

/// The wire name of a job's error: "cancelled", "interrupted", "bad_request", …
[[nodiscard]] std::string error_name(base::ErrorCode code);

}  // namespace mlgraph::jobs
