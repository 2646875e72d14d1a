#pragma once
// Where settings are told: TOML file < MLGRAPH_… variables < flags.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/settings.h"

namespace mlgraph::app {

/// What the caller gave; SIGHUP reads the same again.
struct Sources {
  std::string file;  ///< empty: none
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::vector<std::pair<const Setting*, std::string>> flags;
};

struct Loaded {
  Config config;
  /// key -> "FILE:LINE", "MLGRAPH_…" or "--flag"; absent: the default.
  std::map<std::string, std::string> origins;
  /// All that cannot be meant, each a sentence that begins with its place: "FILE:LINE: unknown key
  /// 'server.lisen', did you mean 'server.listen'?". Not empty: the config is not to be used.
  std::vector<std::string> problems;

  /// "default" where nothing was told.
  [[nodiscard]] std::string origin(const std::string& key) const;
};

/// Reads the file and the variables and applies all in order. A value that is not fit is told, and
/// what stood before stays.
[[nodiscard]] Loaded load(const Sources& sources);

/// A variable that begins as ours do and is nobody's: a slip of the pen, perhaps.
struct UnknownVariable {
  std::string name;
  std::string nearest;
};
[[nodiscard]] std::vector<UnknownVariable> unknown_variables(const std::vector<std::string>& names);

}  // namespace mlgraph::app
