#include "jobs/progress.h"

#include <cmath>

namespace mlgraph::jobs {

void MovingRate::add(std::uint64_t n, base::SteadyTime now) {
  if (n == 0) return;
  gap_ = now - added_at_;
  added_at_ = now;
  pending_ += n;
  settle(now);
}

// Settled in steps of at least a quarter of a second: the average of many small reports is that of
// their sum.
void MovingRate::settle(base::SteadyTime now) {
  const double seconds = std::chrono::duration<double>(now - settled_at_).count();
  if (seconds < 0.25) return;
  const double current = static_cast<double>(pending_) / seconds;
  const double weight = measured_ ? 1 - std::exp(-seconds / kSeconds) : 1;
  rate_ += weight * (current - rate_);
  measured_ = true;
  pending_ = 0;
  settled_at_ = now;
}

double MovingRate::per_second(base::SteadyTime now) {
  // Work that reports every few seconds has not stopped in between: a silence begins behind twice
  // the gap of the last two reports.
  if (now - added_at_ > 2 * gap_ && (measured_ || pending_ > 0)) settle(now);
  // Before a quarter of a second there is no average yet, but what was counted is known.
  if (!measured_ && now > settled_at_)
    return static_cast<double>(pending_) / std::chrono::duration<double>(now - settled_at_).count();
  return rate_ < 0.05 ? 0 : rate_;
}

std::string error_name(base::ErrorCode code) {
  using enum base::ErrorCode;
  switch (code) {
    case kCancelled:
      return "cancelled";
    case kInterrupted:
      return "interrupted";
    case kBadJson:
    case kBadRequest:
      return "bad_request";
    case kInvalidVector:
      return "invalid_vector";
    case kInvalidValue:
      return "invalid_value";
    case kNotFound:
      return "not_found";
    case kConflict:
      return "conflict";
    case kTimeout:
      return "timeout";
    case kTooLarge:
      return "too_large";
    case kNoSpace:
      return "no_space";
    case kReadonly:
      return "readonly";
    case kRecovering:
      return "recovering";
    case kOverloaded:
      return "overloaded";
    case kShuttingDown:
      return "interrupted";
    case kCorrupt:
      return "corrupt";
    default:
      return "internal";
  }
}

}  // namespace mlgraph::jobs
