#pragma once
// Events that go to the same sessions one after the other: handed to each session at once.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hub/local_frame.h"

namespace mlgraph::hub {

/// Place      made by LoopFeed for each stretch of a turn's events that stand under the same
///            patterns; all of the log, or all samples.
/// Threads    confined to the loop.
class Run {
 public:
  explicit Run(std::span<const FramePtr> frames);

  [[nodiscard]] const std::vector<LocalRef>& frames() const { return frames_; }
  [[nodiscard]] bool durable() const { return first().seq != 0; }
  [[nodiscard]] std::uint64_t first_seq() const { return first().seq; }
  [[nodiscard]] std::uint64_t last_seq() const { return frames_.back()->frame->seq; }
  /// Whether `scopes` see every one of the events. The last answer is kept, as a frame does.
  [[nodiscard]] bool all_visible_to(const NumberedScopes& scopes);
  /// All of them as one piece of a session's queue, made when the first session needs it; for
  /// WebSockets.
  [[nodiscard]] const LocalRef& whole(Encoding encoding);

 private:
  [[nodiscard]] const Frame& first() const { return *frames_.front()->frame; }

  std::vector<LocalRef> frames_;
  std::array<LocalRef, 2> whole_;  ///< plain, deflated
  std::uint64_t asked_ = 0;
  bool visible_ = false;
};

}  // namespace mlgraph::hub
