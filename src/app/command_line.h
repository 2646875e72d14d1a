#pragma once
// The flags that give settings, for the daemon and for `mlgraphd config`.
#include <map>
#include <string>
#include <vector>

#include "app/sources.h"

namespace CLI {
class App;
}

namespace mlgraph::app {

/// `--config` and each setting's flag on one parser, which must not outlive this.
class SourceFlags {
 public:
  explicit SourceFlags(CLI::App& cli);
  SourceFlags(const SourceFlags&) = delete;
  SourceFlags& operator=(const SourceFlags&) = delete;

  /// Behind the parsing.
  [[nodiscard]] Sources sources() const;
  /// The sentence about the first argument that belongs to no flag; empty: there is none. It names
  /// a flag; anything else may be a secret that went astray, and is not repeated.
  [[nodiscard]] std::string about_extra() const;

 private:
  CLI::App& cli_;
  std::string file_;
  std::map<const Setting*, std::string> values_;
};

/// MLGRAPH_… variables that nobody knows, told in the log.
void warn_of_unknown_variables();

}  // namespace mlgraph::app
