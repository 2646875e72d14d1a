#pragma once
// One line an event on stderr: time, level, message, then key=value pairs. Text from outside is
// quoted and escaped, so that no input can forge a line or colour a terminal.
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace mlgraph::base {

/// kNone is for programs whose errors are provoked, as a simulation's are: nothing is written.
enum class LogLevel { kDebug, kInfo, kWarn, kError, kNone };

void set_log_level(LogLevel level);
/// By its name; one that is none changes nothing.
void set_log_level(std::string_view name);
[[nodiscard]] bool parse_log_level(std::string_view name, LogLevel& level);

/// Appends one key=value pair, quoting what needs it.
void append_log_pair(std::string& line, std::string_view key, std::string_view value);
void write_log_line(LogLevel level, std::string_view message, std::string_view pairs);
[[nodiscard]] bool log_enabled(LogLevel level);

namespace log_internal {
inline void append_pairs(std::string&) {}
template <typename V, typename... Rest>
void append_pairs(std::string& line, std::string_view key, const V& value, const Rest&... rest) {
  append_log_pair(line, key, fmt::format("{}", value));
  append_pairs(line, rest...);
}
}  // namespace log_internal

/// log(LogLevel::kInfo, "session closed", "session", id, "code", 4001)
template <typename... Pairs>
void log(LogLevel level, std::string_view message, const Pairs&... pairs) {
  static_assert(sizeof...(Pairs) % 2 == 0, "keys and values come in pairs");
  if (!log_enabled(level)) return;
  std::string line;
  log_internal::append_pairs(line, pairs...);
  write_log_line(level, message, line);
}

}  // namespace mlgraph::base
