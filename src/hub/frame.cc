#include "hub/frame.h"

#include "protocol/deflate.h"
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

std::string_view Frame::deflated_wire() const {
  std::call_once(deflated_once_, [this] {
    deflated_ = protocol::make_deflated_frame(protocol::Opcode::kText, json());
  });
  return deflated_;
}

std::string frame_message(Encoding encoding, std::string_view json) {
  // Short ones would not get shorter.
  constexpr std::size_t kDeflateMin = 256;
  if (encoding == Encoding::kServerSentEvents)
    return std::string("data: ").append(json).append("\n\n");
  if (encoding == Encoding::kWebSocketDeflate && json.size() >= kDeflateMin)
    return protocol::make_deflated_frame(protocol::Opcode::kText, json);
  return protocol::make_frame(protocol::Opcode::kText, json);
}

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
