#pragma once
// Neighbouring entries of the log as one loop holds them, shared by all its sessions that read
// there.
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "hub/local_frame.h"

namespace mlgraph::hub {

/// Invariant  frames[i] is entry first + i. Never empty; immutable.
struct Stretch {
  std::uint64_t first = 0;
  std::vector<LocalRef> frames;
  [[nodiscard]] std::uint64_t last() const { return first + frames.size() - 1; }
  [[nodiscard]] bool holds(std::uint64_t seq) const { return first <= seq && seq <= last(); }
  [[nodiscard]] const LocalRef& at(std::uint64_t seq) const { return frames[seq - first]; }
};
using StretchPtr = std::shared_ptr<const Stretch>;

/// The stretches used last: sessions that catch up together make their frames once.
/// Threads    confined to the loop.
/// Full       `max` stretches; the one unused for longest goes.
class StretchCache {
 public:
  explicit StretchCache(std::size_t max) : max_(max) {}
  /// One that holds `seq`, or null.
  [[nodiscard]] StretchPtr find(std::uint64_t seq);
  /// Makes one of contiguous frames (not empty) and keeps it.
  [[nodiscard]] StretchPtr add(const std::vector<FramePtr>& frames);

 private:
  const std::size_t max_;
  std::list<StretchPtr> stretches_;  ///< most recently used first
};

}  // namespace mlgraph::hub
