#pragma once
// What the daemon can be told: TOML file < MLGRAPH_… environment < flags.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mlgraph::app {

/// Every setting with its default. Units are in the names.
struct Config {
  struct {
    std::string listen = "127.0.0.1:7700";  ///< HOST:PORT; port 0 picks one
    std::string node = "n1";
    std::string data_dir = "data";
    std::uint64_t io_threads = 0;   ///< 0: one per core, at most 4
    bool io_uring = false;          ///< a turn's sends are submitted together
    bool deflate = false;           ///< permessage-deflate for whoever offers it
    std::string tls_cert, tls_key;  ///< PEM files; both or none
    std::string import_dir;         ///< where {source} imports may read; empty: <data_dir>/import
    std::vector<std::string> allowed_origins;  ///< empty: same origin and loopback; "*": all
    std::vector<std::string> allowed_hosts;    ///< empty: any Host header
    bool metrics_public = false;               ///< /metrics without a token
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
    std::uint64_t drain_ms = 1'000;  ///< SIGTERM: closes are spread over this long
  } limits;
  struct {
    std::string level = "info";
    std::uint64_t ring_bytes = std::uint64_t{64} << 20;
    std::uint64_t retention_bytes = std::uint64_t{1} << 30;
    std::uint64_t retention_hours = 24 * 7;
  } log;
  struct {
    std::uint64_t limit_bytes = 0;  ///< 0: the least of cgroup limit and RAM
    bool guard = false;             ///< the memory alert's error level makes shards readonly
  } memory;
  struct {
    std::uint64_t compute_threads = 0;  ///< 0: one per core
    std::uint64_t train_threads = 0;    ///< 0: one per core
  } engine;
  struct {
    std::uint64_t code_seconds = 5 * 60;         ///< a sign-in code waits to be used
    std::uint64_t token_seconds = 12 * 60 * 60;  ///< what a browser gets for it lives
  } sign_in;
  std::string admin_token;  ///< MLGRAPH_ADMIN_TOKEN only: never in a file or on a command line
};

/// One setting: its key in the file, its environment names, its flag.
struct Setting {
  std::string key;   ///< "server.listen"
  std::string flag;  ///< "--listen", or empty
  std::string help;
  std::function<base::Result<void>(Config&, const std::string&)> set;
  [[nodiscard]] std::vector<std::string> environment_names() const;
};
[[nodiscard]] const std::vector<Setting>& settings();

/// Applies a TOML file. errors kInvalidValue "FILE:LINE: unknown key 'server.lisen', did you mean
/// 'server.listen'?"
[[nodiscard]] base::Result<void> apply_file(Config& config, const std::string& path);
/// Applies MLGRAPH_… variables. errors kInvalidValue naming the variable.
[[nodiscard]] base::Result<void> apply_environment(
    Config& config, const std::function<std::optional<std::string>(const std::string&)>& get
);
/// A variable that begins as ours do and is nobody's: a slip of the pen, perhaps.
struct UnknownVariable {
  std::string name;
  std::string nearest;
};
[[nodiscard]] std::vector<UnknownVariable> unknown_variables(const std::vector<std::string>& names);
/// What no single setting can tell: TLS files in pairs, node name and token grammar. errors
/// kInvalidValue.
[[nodiscard]] base::Result<void> check(const Config& config);

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};
/// "127.0.0.1:7700", "[::1]:0". errors kInvalidValue.
[[nodiscard]] base::Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace mlgraph::app
