#include "hub/run.h"

#include <algorithm>

namespace mlgraph::hub {

Run::Run(std::span<const FramePtr> frames) {
  frames_.reserve(frames.size());
  for (const auto& frame : frames) frames_.push_back(LocalRef::shared(frame));
}

bool Run::all_visible_to(const NumberedScopes& scopes) {
  if (asked_ != scopes.number) {
    asked_ = scopes.number;
    visible_ = std::all_of(frames_.begin(), frames_.end(), [&](const LocalRef& frame) {
      return frame->visible_to(scopes);
    });
  }
  return visible_;
}

const LocalRef& Run::whole(Encoding encoding) {
  if (frames_.size() == 1) return frames_.front();
  const bool deflated = encoding == Encoding::kWebSocketDeflate;
  LocalRef& whole = whole_[deflated ? 1 : 0];
  if (!whole) {
    whole = LocalRef::owned({});
    for (const auto& frame : frames_) {
      whole->owned += deflated ? frame->frame->deflated_wire() : frame->frame->wire;
      whole->ends.push_back(static_cast<std::uint32_t>(whole->owned.size()));
    }
  }
  return whole;
}

}  // namespace mlgraph::hub
