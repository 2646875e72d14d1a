#include "app/settings.h"

#include <algorithm>

#include "app/settings_valid.h"

namespace mlgraph::app {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;
constexpr auto kLive = Reload::kLive;

// The key is the member's name, so that neither can be mistaken.
#define MLG_SETTING(member) .key = #member, .field = [](Config& c) -> Field { return &c.member; }

// clang-format off
std::vector<Setting> make_settings() {
  return {
      {MLG_SETTING(server.listen), .flag = "--listen", .help = "HOST:PORT, HOST an IP address or localhost; port 0 picks one", .valid = valid_listen},
      {MLG_SETTING(server.node), .flag = "--node", .help = "this node's name, a token of channels", .valid = valid_node},
      {MLG_SETTING(server.data_dir), .flag = "--data-dir", .help = "where everything is kept", .valid = valid_data_dir},
      {MLG_SETTING(server.io_threads), .flag = "--io-threads", .max = 256, .help = "I/O loops; 0: one per core, at most 4"},
      {MLG_SETTING(server.io_uring), .help = "a turn's sends are submitted together through io_uring: a fifth less CPU for single events. Where a container forbids it the log says so, and each send is a call"},
      {MLG_SETTING(server.tls_cert), .reload = kLive, .flag = "--tls-cert", .help = "PEM certificate chain; with tls_key or not at all. Turning TLS on or off takes a restart"},
      {MLG_SETTING(server.tls_key), .reload = kLive, .flag = "--tls-key", .help = "PEM private key"},
      {MLG_SETTING(server.deflate), .reload = kLive, .help = "permessage-deflate for clients that offer it: less traffic, more CPU"},
      {MLG_SETTING(server.import_dir), .flag = "--import-dir", .help = "folder that {source} imports may read; empty: `import` in the data directory"},
      {MLG_SETTING(server.allowed_origins), .reload = kLive, .help = "browser origins; empty: same origin and loopback; \"*\": all", .valid = valid_origin},
      {MLG_SETTING(server.allowed_hosts), .reload = kLive, .help = "Host headers that are served; empty: all", .valid = valid_host},
      {MLG_SETTING(server.metrics_public), .help = "/metrics without a token"},
      {MLG_SETTING(limits.message_bytes), .reload = kLive, .min = 1'024, .max = 16 * kMiB, .unit = "bytes", .help = "inbound WebSocket message"},
      {MLG_SETTING(limits.patterns), .reload = kLive, .min = 1, .max = 100'000, .help = "channel patterns a session"},
      {MLG_SETTING(limits.requests_per_second), .reload = kLive, .min = 1, .max = 1'000'000, .help = "requests a session"},
      {MLG_SETTING(limits.request_burst), .reload = kLive, .min = 1, .max = 1'000'000, .help = "requests a session at once"},
      {MLG_SETTING(limits.sessions_per_token), .reload = kLive, .min = 1, .max = 10'000'000, .help = "live sessions a token"},
      // A part of a state is as large as the least.
      {MLG_SETTING(limits.queue_bytes), .reload = kLive, .min = 65'536, .max = kGiB, .unit = "bytes", .help = "queued for a slow session before it reads the log instead"},
      {MLG_SETTING(limits.auth_timeout_seconds), .reload = kLive, .min = 1, .max = 3'600, .unit = "seconds", .help = "until the first auth message"},
      {MLG_SETTING(limits.heartbeat_seconds), .reload = kLive, .min = 1, .max = 3'600, .unit = "seconds", .help = "silence before a WebSocket ping"},
      {MLG_SETTING(limits.idle_timeout_seconds), .reload = kLive, .min = 2, .max = 86'400, .unit = "seconds", .help = "silence before a session is dropped; more than the heartbeat, or silent ones are dropped without being asked"},
      {MLG_SETTING(limits.stall_seconds), .reload = kLive, .min = 1, .max = 3'600, .unit = "seconds", .help = "how long a slow session may take no byte"},
      {MLG_SETTING(limits.compute_queue), .reload = kLive, .min = 1, .max = 1'000'000, .help = "requests waiting for the compute pool; beyond it 503"},
      {MLG_SETTING(limits.imports), .min = 1, .max = 10'000, .help = "imports at once; beyond it 503"},
      {MLG_SETTING(limits.body_budget_bytes), .reload = kLive, .min = kMiB, .unit = "bytes", .help = "request bodies in memory together; beyond it 503"},
      {MLG_SETTING(limits.body_idle_seconds), .reload = kLive, .min = 1, .max = 3'600, .unit = "seconds", .help = "silence within a request body before it is given up (408); bodies but imports also come at 1 KiB/s or more over this long"},
      {MLG_SETTING(limits.drain_ms), .reload = kLive, .max = 8'000, .unit = "ms", .help = "closes at a stop are spread over this long"},
      {MLG_SETTING(log.level), .reload = kLive, .flag = "--log-level", .help = "debug, info, warn, error", .valid = valid_log_level},
      {MLG_SETTING(log.ring_bytes), .min = kMiB, .unit = "bytes", .help = "events kept in memory"},
      {MLG_SETTING(log.retention_bytes), .min = kMiB, .unit = "bytes", .help = "events kept on disk"},
      {MLG_SETTING(log.retention_hours), .min = 1, .max = 24 * 3'650, .unit = "hours", .help = "and no longer than this"},
      {MLG_SETTING(memory.limit_bytes), .unit = "bytes", .help = "what memory alerts measure against; 0: the least of cgroup limit and RAM"},
      {MLG_SETTING(memory.guard), .reload = kLive, .help = "read-only while the memory alert is in error, as with the disk"},
      {MLG_SETTING(engine.compute_threads), .max = 1'024, .help = "searches and requests; 0: one per core"},
      {MLG_SETTING(engine.train_threads), .max = 1'024, .help = "training; 0: one per core"},
      {MLG_SETTING(sign_in.code_seconds), .min = 1, .max = 86'400, .unit = "seconds", .help = "how long a sign-in code waits to be used"},
      {MLG_SETTING(sign_in.token_seconds), .min = 1, .max = 30 * 86'400, .unit = "seconds", .help = "how long the token lives that a browser gets for it"},
  };
}
// clang-format on

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> kAll = make_settings();
  return kAll;
}

std::vector<std::string> setting_keys() {
  std::vector<std::string> keys;
  for (const auto& setting : settings()) keys.push_back(setting.key);
  return keys;
}

const Setting* find_setting(std::string_view key) {
  const auto& all = settings();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.key == key; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace mlgraph::app
