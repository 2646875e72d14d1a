#include "hub/ring.h"

#include <algorithm>

#include "base/check.h"
#include "hub/frame.h"

namespace mlgraph::hub {

void Ring::append(const std::vector<FramePtr>& frames) {
  std::vector<FramePtr> evicted;  // freed outside the lock
  base::MutexLock lock(mutex_);
  for (const FramePtr& frame : frames) {
    MLG_CHECK(frame->seq == first_ + frames_.size());
    frames_.push_back(frame);
    bytes_ += cost_of(*frame);
  }
  while (bytes_ > bytes_max_ && !frames_.empty()) {
    bytes_ -= cost_of(*frames_.front());
    evicted.push_back(std::move(frames_.front()));
    frames_.pop_front();
    ++first_;
  }
}

bool Ring::read(std::uint64_t from, std::size_t frames_max, std::vector<FramePtr>& out) const {
  base::MutexLock lock(mutex_);
  if (from < first_) return false;
  const std::uint64_t begin = std::min<std::uint64_t>(from - first_, frames_.size());
  const std::uint64_t count = std::min<std::uint64_t>(frames_max, frames_.size() - begin);
  const auto at = frames_.begin() + static_cast<std::ptrdiff_t>(begin);
  out.insert(out.end(), at, at + static_cast<std::ptrdiff_t>(count));
  return true;
}

std::uint64_t Ring::newest() const {
  base::MutexLock lock(mutex_);
  return first_ + frames_.size() - 1;
}

}  // namespace mlgraph::hub
