#pragma once
// Each setting once: the file's parser, the variables, --help, `mlgraphd config` and the table of
// docs/operating.md all come from these rows.
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.h"

namespace mlgraph::app {

/// Where a setting's value stands in a Config.
using Field = std::variant<std::string*, bool*, std::uint64_t*, std::vector<std::string>*>;

enum class Reload : std::uint8_t {
  kRestart,  ///< changed by the next start only
  kLive,     ///< SIGHUP changes it
};

/// One setting. Immutable.
struct Setting {
  std::string key = {};               ///< "server.listen"
  Field (*field)(Config&) = nullptr;  ///< its place
  Reload reload = Reload::kRestart;
  std::string flag = {};  ///< "--listen", or empty
  std::uint64_t min = 0;  ///< of a number
  std::uint64_t max = std::numeric_limits<std::int64_t>::max();
  std::string unit = {};  ///< of a number: "bytes", "seconds", …
  std::string help = {};  ///< one line
  /// What a text (or each text of a list) must be besides; null: any.
  base::Result<void> (*valid)(const std::string&) = nullptr;

  /// MLGRAPH_LIMITS_PATTERNS; those with a flag have a short one too, MLGRAPH_LISTEN.
  [[nodiscard]] std::vector<std::string> variables() const;
  /// Takes a variable's or a flag's text. errors kInvalidValue naming value and limit.
  [[nodiscard]] base::Result<void> set_text(Config& config, const std::string& text) const;
  [[nodiscard]] base::Result<void> set(Config& config, std::int64_t number) const;
  [[nodiscard]] base::Result<void> set(Config& config, bool on) const;
  [[nodiscard]] base::Result<void> set(Config& config, const std::vector<std::string>& list) const;
  /// The value as TOML: "\"n1\"", "128", "true", "[]".
  [[nodiscard]] std::string toml(const Config& config) const;
  /// "from 1 to 100000", "true or false", …: what a value must be.
  [[nodiscard]] std::string wanted() const;
};

/// All of them, table by table.
[[nodiscard]] const std::vector<Setting>& settings();
[[nodiscard]] std::vector<std::string> setting_keys();
/// Null: there is no such key.
[[nodiscard]] const Setting* find_setting(std::string_view key);

}  // namespace mlgraph::app
