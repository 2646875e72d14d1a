#include "hub/stretch.h"

#include <algorithm>

#include "base/check.h"

namespace mlgraph::hub {

StretchPtr StretchCache::find(std::uint64_t seq) {
  const auto found = std::find_if(stretches_.begin(), stretches_.end(), [&](const StretchPtr& one) {
    return one->holds(seq);
  });
  if (found == stretches_.end()) return nullptr;
  stretches_.splice(stretches_.begin(), stretches_, found);
  return stretches_.front();
}

StretchPtr StretchCache::add(const std::vector<FramePtr>& frames) {
  MLG_CHECK(!frames.empty());
  auto made = std::make_shared<Stretch>();
  made->first = frames.front()->seq;
  made->frames.reserve(frames.size());
  for (const auto& frame : frames) made->frames.push_back(LocalRef::shared(frame));
  stretches_.push_front(std::move(made));
  if (stretches_.size() > max_) stretches_.pop_back();
  return stretches_.front();
}

}  // namespace mlgraph::hub
