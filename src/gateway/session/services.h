#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/live.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/rate_limiter.h"
#include "gateway/session/registry.h"
#include "hub/hub.h"
#include "metrics/server_metrics.h"
#include "store/committer.h"

namespace mlgraph::gateway {

/// Limits of a session: configuration, shown in `welcome`. They may change while sessions live:
/// those that a session takes at its beginning (its budget of requests) stay with it.
struct SessionLimits {
  base::Live<std::size_t> message_bytes = 64 * 1024;
  base::Live<std::size_t> message_bytes_before_auth = 4 * 1024;
  base::Live<std::size_t> patterns = 128;
  base::Live<std::uint32_t> requests_per_second = 100;
  base::Live<std::uint32_t> request_burst = 200;
  base::Live<std::size_t> sessions_per_token = 1'000;
  base::Live<std::size_t> queue_bytes = 256 * 1024;
  base::Live<std::chrono::seconds> auth_timeout = std::chrono::seconds(10);
  base::Live<std::uint32_t> heartbeat_seconds = 25;
};

/// What sessions use of the server.
struct SessionServices {
  hub::Hub& hub;
  store::Committer& committer;
  Authenticator& authenticator;
  RateLimiter& limiter;
  SessionRegistry& registry;
  metrics::ServerMetrics& metrics;
  const base::Clock& clock;
  SessionLimits limits;
  std::string node;
  std::string version;
};

}  // namespace mlgraph::gateway
