#pragma once
// One short session that finds out what a server is and who we are to it.
#include <chrono>

#include "base/error.h"
#include "base/json.h"
#include "client/url.h"

namespace mlgraph::client {

struct Probe {
  base::Json welcome;        ///< {server, version, node, …}: docs/protocol.md, hello
  base::Json authenticated;  ///< {subject, scopes, expires_at}
  std::chrono::microseconds round_trip{0};  ///< of a ping, the least of some
  /// The server's clock less ours, half a round trip taken off; as good as the millisecond in which
  /// the server tells its time.
  std::chrono::milliseconds clock_difference{0};
};

/// Connects to /ws, says hello and who we are, and pings.
/// errors  what the server says against it: kUnauthorized, kOverloaded, …; kTimeout after
///         `patience`; kInternal when no connection stands or it breaks; kInvalidValue for a CA
///         file that does not load.
[[nodiscard]] base::Result<Probe> probe(
    const Connection& to, std::chrono::milliseconds patience = std::chrono::seconds(10)
);

}  // namespace mlgraph::client
