#include "gateway/net/body_pace.h"

namespace mlgraph::gateway {

using base::ErrorCode;

BodyPace::BodyPace(Limits limits, base::SteadyTime now)
    : limits_(limits), last_byte_(now), window_began_(now) {}

void BodyPace::on_bytes(std::uint64_t bytes, base::SteadyTime now) {
  if (bytes == 0) return;
  last_byte_ = now;
  window_bytes_ += bytes;
}

void BodyPace::on_trailers(base::SteadyTime now) {
  if (!trailers_began_) trailers_began_ = now;
}

void BodyPace::excuse(base::SteadyTime now) {
  last_byte_ = window_began_ = now;
  window_bytes_ = 0;
}

void BodyPace::excuse(std::chrono::milliseconds time) {
  last_byte_ += time;
  window_began_ += time;
  if (trailers_began_) *trailers_began_ += time;
}

base::Result<void> BodyPace::judge(base::SteadyTime now) {
  if (trailers_began_) {
    if (now - *trailers_began_ < limits_.trailers_time) return {};
    return base::fail(
        ErrorCode::kTimeout, "the trailers did not end within {} s", limits_.trailers_time.count()
    );
  }
  if (now - last_byte_ >= limits_.window)
    return base::fail(ErrorCode::kTimeout, "no byte of the body for {} s", limits_.window.count());
  if (now - window_began_ < limits_.window) return {};
  const auto due =
      limits_.bytes_per_second_min * static_cast<std::uint64_t>(limits_.window.count());
  if (window_bytes_ < due)
    return base::fail(
        ErrorCode::kTimeout,
        "{} bytes of the body came in {} s, the least is {} a second",
        window_bytes_,
        limits_.window.count(),
        limits_.bytes_per_second_min
    );
  window_began_ = now;
  window_bytes_ = 0;
  return {};
}

}  // namespace mlgraph::gateway
