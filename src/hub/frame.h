#pragma once
// Making the shared frames: one encoding of an event for all sessions.
#include "hub/hub.h"

namespace mlgraph::hub {

/// The frame of a logged entry. `published` epoch (zero): a replay, not counted in latencies.
[[nodiscard]] FramePtr make_event_frame(const model::Entry& entry, base::SteadyTime published);

[[nodiscard]] FramePtr make_metric_frame(
    model::EventKind kind,
    std::string_view entity,
    std::string_view index,
    std::string_view json,
    base::SteadyTime published
);

/// A text message of one session, framed for it.
[[nodiscard]] std::string frame_message(Encoding encoding, std::string_view json);

/// The bytes a frame costs in a ring or cache.
[[nodiscard]] inline std::size_t cost_of(const Frame& frame) {
  return sizeof(Frame) + frame.wire.size() + frame.entity.size() + frame.index.size();
}

}  // namespace mlgraph::hub
