#include "app/server_options.h"

namespace mlgraph::app {

gateway::SessionLimits session_limits(const Config& config) {
  gateway::SessionLimits limits;
  limits.message_bytes = config.limits.message_bytes;
  limits.patterns = config.limits.patterns;
  limits.requests_per_second = static_cast<std::uint32_t>(config.limits.requests_per_second);
  limits.request_burst = static_cast<std::uint32_t>(config.limits.request_burst);
  limits.sessions_per_token = config.limits.sessions_per_token;
  limits.queue_bytes = config.limits.queue_bytes;
  limits.auth_timeout = std::chrono::seconds(config.limits.auth_timeout_seconds);
  limits.heartbeat_seconds = static_cast<std::uint32_t>(config.limits.heartbeat_seconds);
  return limits;
}

gateway::ServerOptions server_options(const Config& config) {
  const auto address = parse_listen(config.server.listen).value();  // checked by its setting
  gateway::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.io_threads = config.server.io_threads;
  options.io_uring = config.server.io_uring;
  options.tls_cert_file = config.server.tls_cert;
  options.tls_key_file = config.server.tls_key;
  options.body_budget = config.limits.body_budget_bytes;
  options.body_idle_time = std::chrono::seconds(config.limits.body_idle_seconds);
  options.websocket.message_max = config.limits.message_bytes;
  options.websocket.queue_bytes_max = config.limits.queue_bytes;
  options.websocket.deflate = config.server.deflate;
  options.websocket.patterns_max = config.limits.patterns;
  options.websocket.ping_after = std::chrono::seconds(config.limits.heartbeat_seconds);
  options.websocket.drop_after = std::chrono::seconds(config.limits.idle_timeout_seconds);
  return options;
}

}  // namespace mlgraph::app
