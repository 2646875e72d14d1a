#include "hub/frame.h"

#include "protocol/ws_frame.h"

namespace mlgraph::hub {
namespace {
std::shared_ptr<Frame> encode(std::string_view json) {
  auto frame = std::make_shared<Frame>();
  frame->wire.reserve(json.size() + 10);
  protocol::append_frame_header(frame->wire, protocol::Opcode::kText, json.size());
  frame->header_size = static_cast<std::uint32_t>(frame->wire.size());
  frame->wire += json;
  return frame;
}
}  // namespace

FramePtr make_event_frame(const model::Entry& entry, base::SteadyTime published) {
  auto frame = encode(entry.public_json);
  frame->seq = entry.seq;
  frame->kind = entry.kind;
  frame->entity = entry.entity;
  frame->index = entry.index;
  frame->published = published;
  return frame;
}

FramePtr make_metric_frame(
    model::EventKind kind,
    std::string_view entity,
    std::string_view index,
    std::string_view json,
    base::SteadyTime published
) {
  auto frame = encode(json);
  frame->kind = kind;
  frame->entity = entity;
  frame->index = index;
  frame->published = published;
  return frame;
}

}  // namespace mlgraph::hub
