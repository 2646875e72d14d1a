#pragma once
// What the connections of one server share. Included by net/*.cc only.
#include <atomic>
#include <memory>

#include "base/snapshot_cell.h"
#include "gateway/net/loop.h"
#include "gateway/net/server.h"
#include "gateway/net/transport.h"

namespace mlgraph::gateway {

inline constexpr const char* kEventStream = "text/event-stream";

struct ServerShared {
  ServerOptions options;
  ServerHooks hooks;
  base::Executor& compute;
  metrics::ServerMetrics& metrics;
  const base::Clock& clock;
  base::SnapshotCell<TlsContext> tls;      ///< null: plain
  std::atomic<std::size_t> body_bytes{0};  ///< of all large bodies in memory
  std::atomic<bool> draining{false};
};

/// Takes over a connection whose head asked for it; `leftover` are bytes already read behind the
/// head.
void start_websocket(
    ServerShared& shared,
    Loop& loop,
    std::unique_ptr<Transport> transport,
    UpgradeInfo info,
    std::string response_head,
    std::string leftover
);
/// Answers an error, or the stream lives on by itself. For HEAD nothing lives on: the request was
/// sound, and the transport is still there to say so.
[[nodiscard]] base::Result<void> start_sse(
    ServerShared& shared,
    Loop& loop,
    std::unique_ptr<Transport>& transport,
    const HttpRequest& request,
    const std::vector<std::pair<std::string, std::string>>& headers
);
void start_http(ServerShared& shared, Loop& loop, std::unique_ptr<Transport> transport);

}  // namespace mlgraph::gateway
