#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/error.h"

namespace mlgraph::gateway {

/// Whether a body comes fast enough: some byte of it in each window, and, for bodies that are held
/// in memory until they are whole, a least rate over each window; its trailers within a time of
/// their own. Only bytes of the body count, not those between chunks. Threads    confined.
class BodyPace {
 public:
  struct Limits {
    std::chrono::seconds window{30};
    std::uint64_t bytes_per_second_min = 0;  ///< 0: none, the body may be slow by nature
    std::chrono::seconds trailers_time{10};
  };
  BodyPace(Limits limits, base::SteadyTime now);

  void on_bytes(std::uint64_t bytes, base::SteadyTime now);
  void on_trailers(base::SteadyTime now);  ///< the body is over, what follows are trailers
  /// Time that was not the peer's: nobody read what it sent.
  void excuse(base::SteadyTime now);
  void excuse(std::chrono::milliseconds time);

  /// Called now and then. errors kTimeout, once it came too slowly.
  [[nodiscard]] base::Result<void> judge(base::SteadyTime now);

 private:
  Limits limits_;
  base::SteadyTime last_byte_;
  base::SteadyTime window_began_;
  std::uint64_t window_bytes_ = 0;
  std::optional<base::SteadyTime> trailers_began_;
};

}  // namespace mlgraph::gateway
