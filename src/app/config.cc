#include "app/config.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <toml++/toml.h>

#include "base/log.h"
#include "base/nearest.h"
#include "gateway/auth/authenticator.h"
#include "model/names.h"

namespace mlgraph::app {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<std::uint64_t> parse_number(const std::string& text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max)
    return fail(
        ErrorCode::kInvalidValue,
        "'{}' is not a whole number from {} to {}",
        model::printable(text),
        min,
        max
    );
  return value;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    auto end = text.find(',', begin);
    if (end == std::string::npos) end = text.size();
    auto first = text.find_first_not_of(' ', begin);
    if (first < end) {
      auto last = text.find_last_not_of(' ', end - 1);
      items.push_back(text.substr(first, last - first + 1));
    }
    begin = end + 1;
  }
  return items;
}

template <typename Get>
Setting number(
    std::string key,
    std::string flag,
    std::string help,
    std::uint64_t min,
    std::uint64_t max,
    Get get
) {
  return {
      std::move(key),
      std::move(flag),
      std::move(help),
      [=](Config& c, const std::string& text) -> Result<void> {
        MLG_TRY(value, parse_number(text, min, max));
        get(c) = value;
        return {};
      }};
}
template <typename Get>
Setting text(std::string key, std::string flag, std::string help, Get get) {
  return {
      std::move(key),
      std::move(flag),
      std::move(help),
      [=](Config& c, const std::string& value) -> Result<void> {
        get(c) = value;
        return {};
      }};
}
template <typename Get>
Setting list(std::string key, std::string help, Get get) {
  return {
      std::move(key),
      "",
      std::move(help),
      [=](Config& c, const std::string& value) -> Result<void> {
        get(c) = split_list(value);
        return {};
      }};
}
template <typename Get>
Setting flag(std::string key, std::string help, Get get) {
  return {
      std::move(key),
      "",
      std::move(help),
      [=](Config& c, const std::string& value) -> Result<void> {
        if (value != "true" && value != "false")
          return fail(
              ErrorCode::kInvalidValue, "'{}' is neither true nor false", model::printable(value)
          );
        get(c) = value == "true";
        return {};
      }};
}

constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();

std::vector<Setting> make_settings() {
  return {
      text(
          "server.listen", "--listen", "HOST:PORT; port 0 picks one", [](Config & c) -> auto& {
            return c.server.listen;
          }
      ),
      text(
          "server.node", "--node", "this node's name", [](Config & c) -> auto& {
            return c.server.node;
          }
      ),
      text(
          "server.data_dir", "--data-dir", "where everything is kept", [](Config & c) -> auto& {
            return c.server.data_dir;
          }
      ),
      number(
          "server.io_threads",
          "--io-threads",
          "I/O loops; 0: one per core, at most 4",
          0,
          256,
          [](Config & c) -> auto& { return c.server.io_threads; }
      ),
      flag(
          "server.io_uring",
          "a turn's sends are submitted together through io_uring, where the kernel lets us",
          [](Config & c) -> auto& { return c.server.io_uring; }
      ),
      text(
          "server.tls_cert", "--tls-cert", "PEM certificate chain", [](Config & c) -> auto& {
            return c.server.tls_cert;
          }
      ),
      text(
          "server.tls_key", "--tls-key", "PEM private key", [](Config & c) -> auto& {
            return c.server.tls_key;
          }
      ),
      flag(
          "server.deflate",
          "compress messages for clients that offer permessage-deflate",
          [](Config & c) -> auto& { return c.server.deflate; }
      ),
      text(
          "server.import_dir",
          "--import-dir",
          "folder that {\"source\"} imports may read",
          [](Config & c) -> auto& { return c.server.import_dir; }
      ),
      list(
          "server.allowed_origins",
          "browser origins; empty: same origin and loopback; *: all",
          [](Config & c) -> auto& { return c.server.allowed_origins; }
      ),
      list(
          "server.allowed_hosts", "Host headers served; empty: all", [](Config & c) -> auto& {
            return c.server.allowed_hosts;
          }
      ),
      flag(
          "server.metrics_public", "/metrics without a token", [](Config & c) -> auto& {
            return c.server.metrics_public;
          }
      ),
      number(
          "limits.message_bytes",
          "",
          "inbound WebSocket message",
          1'024,
          16 << 20,
          [](Config & c) -> auto& { return c.limits.message_bytes; }
      ),
      number(
          "limits.patterns", "", "patterns a session", 1, 100'000, [](Config & c) -> auto& {
            return c.limits.patterns;
          }
      ),
      number(
          "limits.requests_per_second",
          "",
          "requests a session",
          1,
          1'000'000,
          [](Config & c) -> auto& { return c.limits.requests_per_second; }
      ),
      number(
          "limits.request_burst",
          "",
          "requests a session at once",
          1,
          1'000'000,
          [](Config & c) -> auto& { return c.limits.request_burst; }
      ),
      number(
          "limits.sessions_per_token",
          "",
          "live sessions a token",
          1,
          10'000'000,
          [](Config & c) -> auto& { return c.limits.sessions_per_token; }
      ),
      number(
          "limits.queue_bytes",
          "",
          "bytes queued for a slow session",
          65'536,  // a part of a state is as large
          std::uint64_t{1} << 30,
          [](Config & c) -> auto& { return c.limits.queue_bytes; }
      ),
      number(
          "limits.auth_timeout_seconds",
          "",
          "until the first auth message",
          1,
          3'600,
          [](Config & c) -> auto& { return c.limits.auth_timeout_seconds; }
      ),
      number(
          "limits.heartbeat_seconds",
          "",
          "silence before a WebSocket ping",
          1,
          3'600,
          [](Config & c) -> auto& { return c.limits.heartbeat_seconds; }
      ),
      number(
          "limits.idle_timeout_seconds",
          "",
          "silence before a session is dropped",
          2,
          86'400,
          [](Config & c) -> auto& { return c.limits.idle_timeout_seconds; }
      ),
      number(
          "limits.stall_seconds",
          "",
          "a slow session may take no byte for",
          1,
          3'600,
          [](Config & c) -> auto& { return c.limits.stall_seconds; }
      ),
      number(
          "limits.compute_queue",
          "",
          "requests waiting for the compute pool",
          1,
          1'000'000,
          [](Config & c) -> auto& { return c.limits.compute_queue; }
      ),
      number(
          "limits.imports", "", "imports at once", 1, 10'000, [](Config & c) -> auto& {
            return c.limits.imports;
          }
      ),
      number(
          "limits.body_budget_bytes",
          "",
          "request bodies in memory together",
          1 << 20,
          kAny,
          [](Config & c) -> auto& { return c.limits.body_budget_bytes; }
      ),
      number(
          "limits.body_idle_seconds",
          "",
          "silence within a request body before it is given up",
          1,
          3'600,
          [](Config & c) -> auto& { return c.limits.body_idle_seconds; }
      ),
      number(
          "limits.drain_ms",
          "",
          "SIGTERM: closes are spread over this long",
          0,
          8'000,
          [](Config & c) -> auto& { return c.limits.drain_ms; }
      ),
      text(
          "log.level", "--log-level", "debug, info, warn, error", [](Config & c) -> auto& {
            return c.log.level;
          }
      ),
      number(
          "log.ring_bytes", "", "events kept in memory", 1 << 20, kAny, [](Config & c) -> auto& {
            return c.log.ring_bytes;
          }
      ),
      number(
          "log.retention_bytes", "", "events kept on disk", 1 << 20, kAny, [](Config & c) -> auto& {
            return c.log.retention_bytes;
          }
      ),
      number(
          "log.retention_hours", "", "and no longer than", 1, 24 * 3'650, [](Config & c) -> auto& {
            return c.log.retention_hours;
          }
      ),
      number(
          "memory.limit_bytes",
          "",
          "memory the alerts measure against; 0: cgroup or RAM",
          0,
          kAny,
          [](Config & c) -> auto& { return c.memory.limit_bytes; }
      ),
      flag(
          "memory.guard",
          "read-only while the memory alert is in error, as with the disk",
          [](Config & c) -> auto& { return c.memory.guard; }
      ),
      number(
          "engine.compute_threads",
          "",
          "searches and requests; 0: one per core",
          0,
          1'024,
          [](Config & c) -> auto& { return c.engine.compute_threads; }
      ),
      number(
          "engine.train_threads",
          "",
          "training; 0: one per core",
          0,
          1'024,
          [](Config & c) -> auto& { return c.engine.train_threads; }
      ),
  };
}

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const auto& setting : settings()) keys.push_back(setting.key);
  return keys;
}

std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  if (const auto* items = node.as_array()) {
    std::string joined;
    for (const auto& item : *items) {
      const auto* value = item.as_string();
      if (!value) return std::nullopt;
      joined += (joined.empty() ? "" : ",") + value->get();
    }
    return joined;
  }
  return std::nullopt;
}

Result<void> apply_node(
    Config& config, const std::string& key, const toml::node& node, const std::string& place
) {
  const auto& all = settings();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.key == key; });
  if (found == all.end())
    return fail(
        ErrorCode::kInvalidValue,
        "{}: unknown key '{}', did you mean '{}'?",
        place,
        model::printable(key),
        base::nearest(key, all_keys())
    );
  const auto value = text_of(node);
  if (!value)
    return fail(ErrorCode::kInvalidValue, "{}: '{}' has a value of the wrong type", place, key);
  if (auto set = found->set(config, *value); !set)
    return fail(ErrorCode::kInvalidValue, "{}: {}: {}", place, key, set.error().message);
  return {};
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> kAll = make_settings();
  return kAll;
}

std::vector<std::string> Setting::environment_names() const {
  const auto upper = [](std::string text) {
    for (char& c : text)
      c = c == '.' || c == '-' ? '_'
                               : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return "MLGRAPH_" + text;
  };
  std::vector<std::string> names{upper(key)};
  if (!flag.empty()) names.push_back(upper(flag.substr(2)));
  return names;
}

Result<void> apply_file(Config& config, const std::string& path) {
  toml::table root;
  try {
    root = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fail(
        ErrorCode::kInvalidValue, "{}:{}: {}", path, error.source().begin.line, error.description()
    );
  }
  for (const auto& [table_name, node] : root) {
    const std::string prefix(table_name.str());
    const auto place = [&path](const toml::node& at) {
      return fmt::format("{}:{}", path, at.source().begin.line);
    };
    const auto* table = node.as_table();
    if (!table) {
      MLG_TRY_VOID(apply_node(config, prefix, node, place(node)));
      continue;
    }
    for (const auto& [key, value] : *table) {
      MLG_TRY_VOID(apply_node(config, prefix + "." + std::string(key.str()), value, place(value)));
    }
  }
  return {};
}

Result<void> apply_environment(
    Config& config, const std::function<std::optional<std::string>(const std::string&)>& get
) {
  for (const auto& setting : settings())
    for (const auto& name : setting.environment_names())
      if (const auto value = get(name))
        if (auto set = setting.set(config, *value); !set)
          return fail(ErrorCode::kInvalidValue, "{}: {}", name, set.error().message);
  if (const auto token = get("MLGRAPH_ADMIN_TOKEN")) config.admin_token = *token;
  return {};
}

std::vector<UnknownVariable> unknown_variables(const std::vector<std::string>& names) {
  // The command line's and the clients'.
  const std::vector<std::string> others = {"MLGRAPH_URL", "MLGRAPH_TOKEN", "MLGRAPH_BACKOFF"};
  std::vector<std::string> ours = {"MLGRAPH_ADMIN_TOKEN", "MLGRAPH_CONFIG"};
  for (const auto& setting : settings())
    for (auto& name : setting.environment_names()) ours.push_back(std::move(name));
  std::vector<UnknownVariable> unknown;
  for (const auto& name : names) {
    const auto is = [&](const std::vector<std::string>& known) {
      return std::find(known.begin(), known.end(), name) != known.end();
    };
    if (name.starts_with("MLGRAPH_") && !is(ours) && !is(others))
      unknown.push_back({name, base::nearest(name, ours)});
  }
  return unknown;
}

Result<void> check(const Config& config) {
  MLG_TRY(address, parse_listen(config.server.listen));
  if (address.host.empty()) return fail(ErrorCode::kInvalidValue, "server.listen has no host");
  MLG_TRY_VOID(model::check_entity_name("server.node", config.server.node));
  if (config.server.tls_cert.empty() != config.server.tls_key.empty())
    return fail(
        ErrorCode::kInvalidValue,
        "server.tls_cert and server.tls_key belong together: give both or none"
    );
  base::LogLevel level{};
  if (!base::parse_log_level(config.log.level, level))
    return fail(
        ErrorCode::kInvalidValue,
        "log.level '{}' is none of debug, info, warn, error",
        model::printable(config.log.level)
    );
  if (config.server.data_dir.empty())
    return fail(ErrorCode::kInvalidValue, "server.data_dir is empty");
  if (!config.admin_token.empty() && !gateway::is_token_text(config.admin_token))
    return fail(
        ErrorCode::kInvalidValue, "MLGRAPH_ADMIN_TOKEN must match mlg_[A-Za-z0-9_-]{{8,252}}"
    );
  return {};
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(
        ErrorCode::kInvalidValue, "server.listen '{}' is not HOST:PORT", model::printable(text)
    );
  ListenAddress address;
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  auto port = parse_number(std::string(text.substr(colon + 1)), 0, 65'535);
  if (!port)
    return fail(
        ErrorCode::kInvalidValue,
        "server.listen '{}': the port {}",
        model::printable(text),
        port.error().message
    );
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

}  // namespace mlgraph::app
