#pragma once
// How a turn's bytes reach the sockets: many sessions' writes handed over together.
#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/uio.h>

namespace mlgraph::hub {

/// One session's bytes for its socket. The pieces stay valid until send() has returned.
struct Write {
  int socket = -1;
  std::span<const iovec> pieces;
  /// Set by send(): bytes taken, 0 when the socket is full.
  std::size_t taken = 0;
  bool broken = false;  ///< set by send(): the connection is gone
};

/// Place     one per I/O loop.
/// Threads   confined to the loop.
class Sender {
 public:
  virtual ~Sender() = default;
  /// Offers each write to its socket once, never waiting for one to have room.
  virtual void send(std::span<Write> writes) = 0;
};

}  // namespace mlgraph::hub
