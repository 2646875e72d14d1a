#pragma once
// Time enters through Clock, so that tests can move it by hand.
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlgraph::base {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Milliseconds of UTC since 1970, as the wire shows them.
struct Timestamp {
  std::int64_t ms = 0;
  auto operator<=>(const Timestamp&) const = default;
};

/// "2024-12-22T10:30:00.123Z" (RFC 3339, always milliseconds and Z).
[[nodiscard]] std::string format_timestamp(Timestamp at);
/// Reads exactly what format_timestamp writes.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);

/// Threads: shared.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp wall_now() const = 0;     ///< for timestamps only: it may jump
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;  ///< for every duration and deadline
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall_now() const override;
  [[nodiscard]] SteadyTime steady_now() const override;
};

}  // namespace mlgraph::base
