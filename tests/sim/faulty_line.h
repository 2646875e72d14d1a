#pragma once
// The last stretch before a client: whole frames as they were sent, or with a fault among them.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "protocol/ws_frame.h"
#include "sim/ground.h"

namespace mlgraph::sim {

struct WireFrame {
  std::uint64_t offset = 0;  ///< of its first byte in the stream
  protocol::Opcode opcode = protocol::Opcode::kText;
  std::string payload;
};

/// Cuts a stream into frames, and hands them on.
class FaultyLine {
 public:
  using Sink = std::function<void(const WireFrame& frame)>;
  FaultyLine(Ground& ground, std::size_t loop, Sink sink)
      : ground_(ground), loop_(loop), sink_(std::move(sink)) {}

  void take(std::string_view bytes);
  /// What lies in the kernel now, up to `put` bytes of the stream, is lost where it is whole
  /// frames.
  void lose_until(std::uint64_t put) { lost_until_ = put; }
  /// Nothing more comes at once: a frame kept back goes on.
  void flush();

 private:
  void hand_on(WireFrame frame);
  void swap_events(WireFrame frame);
  void repeat_sample(const WireFrame& frame);
  [[nodiscard]] bool in_struck_batch(const WireFrame& frame) const;

  Ground& ground_;
  const std::size_t loop_;
  const Sink sink_;
  std::string bytes_;
  std::uint64_t offset_ = 0;
  std::uint64_t lost_until_ = 0;
  std::optional<WireFrame> kept_;
  std::optional<WireFrame> sample_;
};

}  // namespace mlgraph::sim
