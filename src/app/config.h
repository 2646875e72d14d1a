#pragma once
// What the daemon can be told. Where it is told: app/sources.h; each key with its range and
// meaning: app/settings.h.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mlgraph::app {

/// Every setting with its default. Units are in the names, meanings in app/settings.cc.
struct Config {
  struct {
    std::string listen = "127.0.0.1:7700";
    std::string node = "n1";
    std::string data_dir = "data";
    std::uint64_t io_threads = 0;
    bool io_uring = false;
    std::string tls_cert, tls_key;
    bool deflate = false;
    std::string import_dir;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> allowed_hosts;
    bool metrics_public = false;
  } server;
  struct {
    std::uint64_t message_bytes = 64 * 1024;
    std::uint64_t patterns = 128;
    std::uint64_t requests_per_second = 100;
    std::uint64_t request_burst = 200;
    std::uint64_t sessions_per_token = 1'000;
    std::uint64_t queue_bytes = 256 * 1024;
    std::uint64_t auth_timeout_seconds = 10;
    std::uint64_t heartbeat_seconds = 25;
    std::uint64_t idle_timeout_seconds = 60;
    std::uint64_t stall_seconds = 30;
    std::uint64_t compute_queue = 1'024;
    std::uint64_t imports = 64;
    std::uint64_t body_budget_bytes = std::uint64_t{512} << 20;
    std::uint64_t body_idle_seconds = 30;
    std::uint64_t drain_ms = 1'000;
  } limits;
  struct {
    std::string level = "info";
    std::uint64_t ring_bytes = std::uint64_t{64} << 20;
    std::uint64_t retention_bytes = std::uint64_t{1} << 30;
    std::uint64_t retention_hours = 24 * 7;
  } log;
  struct {
    std::uint64_t limit_bytes = 0;
    bool guard = false;
  } memory;
  struct {
    std::uint64_t compute_threads = 0;
    std::uint64_t train_threads = 0;
  } engine;
  struct {
    std::uint64_t code_seconds = 5 * 60;         ///< a sign-in code waits to be used
    std::uint64_t token_seconds = 12 * 60 * 60;  ///< what a browser gets for it lives
  } sign_in;
  std::string admin_token;  ///< MLGRAPH_ADMIN_TOKEN only: never in a file or on a command line
};

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};
/// "127.0.0.1:7700", "[::1]:0", "localhost:80". errors kInvalidValue: no port, or a host that is no
/// IP address.
[[nodiscard]] base::Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace mlgraph::app
