#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "base/mutex.h"
#include "hub/hub.h"

namespace mlgraph::hub {

/// The newest durable frames in memory, found by seq without searching.
/// Invariant  frames_[i] has seq first_ + i; newest() is first_ + size - 1.
/// Threads    shared: the committer appends, loops read.
/// Full       the oldest frames go once `bytes_max` is passed; older readers turn to the log.
class Ring {
 public:
  Ring(std::uint64_t tail, std::size_t bytes_max) : bytes_max_(bytes_max), first_(tail + 1) {}

  void append(const std::vector<FramePtr>& frames);
  /// Up to `frames_max` frames from `from` on into `out`. false: `from` is older than the ring.
  [[nodiscard]] bool read(std::uint64_t from, std::size_t frames_max, std::vector<FramePtr>& out)
      const;
  [[nodiscard]] std::uint64_t newest() const;

 private:
  const std::size_t bytes_max_;
  mutable base::Mutex mutex_;
  std::deque<FramePtr> frames_ MLG_GUARDED_BY(mutex_);
  std::uint64_t first_ MLG_GUARDED_BY(mutex_);
  std::size_t bytes_ MLG_GUARDED_BY(mutex_) = 0;
};

}  // namespace mlgraph::hub
