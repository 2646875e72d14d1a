#include "base/log.h"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json.h"

namespace mlgraph::base {
namespace {
spdlog::logger& logger() {
  static const auto kInstance = [] {
    auto made = std::make_shared<spdlog::logger>(
        "mlgraph", std::make_shared<spdlog::sinks::stderr_sink_mt>()
    );
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *kInstance;
}
spdlog::level::level_enum translate(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kNone:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}
}  // namespace

void set_log_level(LogLevel level) { logger().set_level(translate(level)); }

bool parse_log_level(std::string_view name, LogLevel& level) {
  if (name == "debug") return level = LogLevel::kDebug, true;
  if (name == "info") return level = LogLevel::kInfo, true;
  if (name == "warn") return level = LogLevel::kWarn, true;
  if (name == "error") return level = LogLevel::kError, true;
  return false;
}

void set_log_level(std::string_view name) {
  LogLevel level{};
  if (parse_log_level(name, level)) set_log_level(level);
}

bool log_enabled(LogLevel level) { return logger().should_log(translate(level)); }

void append_log_pair(std::string& line, std::string_view key, std::string_view value) {
  line.push_back(' ');
  line.append(key);
  line.push_back('=');
  bool plain = !value.empty();
  for (const char c : value)
    plain = plain && c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  if (plain)
    line.append(value);
  else
    append_json_string(line, value);
}

void write_log_line(LogLevel level, std::string_view message, std::string_view pairs) {
  logger().log(translate(level), "msg=\"{}\"{}", message, pairs);
}

}  // namespace mlgraph::base
