#include "sim/faulty_line.h"

#include "model/cursor.h"

namespace mlgraph::sim {
namespace {

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

bool is(const WireFrame& frame, std::string_view type) {
  return frame.payload.starts_with(std::string("{\"type\":\"").append(type));
}

/// 0: no durable event.
std::uint64_t seq_of(const WireFrame& frame) {
  if (!is(frame, "job.") && !is(frame, "index.") && !is(frame, "alert.")) return 0;
  const auto at = frame.payload.rfind(",\"id\":\"");
  if (at == std::string::npos) return 0;
  const auto text = std::string_view(frame.payload).substr(at + 7);
  const auto cursor = model::parse_cursor(text.substr(0, text.find('"')));
  return cursor ? cursor->seq : 0;
}

}  // namespace

void FaultyLine::take(std::string_view bytes) {
  bytes_ += bytes;
  std::size_t at = 0;
  while (bytes_.size() - at >= 2) {
    std::size_t head = 2;
    std::uint64_t length = static_cast<unsigned char>(bytes_[at + 1]);
    const std::size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (bytes_.size() - at < head + wide) break;
    if (wide != 0) length = number_at(bytes_, at + head, wide);
    head += wide;
    if (bytes_.size() - at < head + length) break;
    const auto opcode = static_cast<protocol::Opcode>(bytes_[at] & 0x0f);
    WireFrame frame{offset_, opcode, bytes_.substr(at + head, length)};
    at += head + length;
    offset_ += head + length;
    hand_on(std::move(frame));
  }
  bytes_.erase(0, at);
}

bool FaultyLine::in_struck_batch(const WireFrame& frame) const {
  const auto seq = seq_of(frame);
  const auto& struck = ground_.struck_batch;
  return seq != 0 && struck.loop == loop_ && struck.first <= seq && seq <= struck.last;
}

void FaultyLine::hand_on(WireFrame frame) {
  switch (ground_.faults.fault()) {
    case Fault::kBatchDropped:
      if (!in_struck_batch(frame)) sink_(frame);
      return;
    case Fault::kBatchTwice:
      sink_(frame);
      if (in_struck_batch(frame)) sink_(frame);
      return;
    case Fault::kBufferLost:
      if (frame.offset >= lost_until_) sink_(frame);
      return;
    case Fault::kAnswerTwice:
      sink_(frame);
      if (is(frame, "pong")) sink_(frame);
      return;
    case Fault::kMetricStale:
      sink_(frame);
      return repeat_sample(frame);
    case Fault::kEventsSwapped:
    case Fault::kStateOvertakes:
      return swap_events(std::move(frame));
    default:
      return sink_(frame);
  }
}

/// Keeps each event back for one frame, and lets that one pass first now and then.
void FaultyLine::swap_events(WireFrame frame) {
  const bool events = ground_.faults.is(Fault::kEventsSwapped);
  const bool passes = events ? seq_of(frame) != 0 : is(frame, "state");
  if (kept_ && passes && ground_.faults.strikes_once(ground_.faults.fault(), ground_.random, 3)) {
    sink_(frame);
    return flush();
  }
  flush();
  if (seq_of(frame) != 0)
    kept_ = std::move(frame);
  else
    sink_(frame);
}

void FaultyLine::flush() {
  if (const auto kept = std::exchange(kept_, std::nullopt)) sink_(*kept);
}

void FaultyLine::repeat_sample(const WireFrame& frame) {
  if (!is(frame, "metrics.system")) return;
  if (sample_ && sample_->payload != frame.payload)
    sink_({frame.offset, frame.opcode, sample_->payload});
  sample_ = frame;
}

}  // namespace mlgraph::sim
