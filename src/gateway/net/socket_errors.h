#pragma once
#include <cerrno>

namespace mlgraph::gateway {

/// Of a call to a socket: it took nothing now, and may later.
[[nodiscard]] constexpr bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace mlgraph::gateway
