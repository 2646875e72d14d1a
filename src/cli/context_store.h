#pragma once
// Named servers, kept in $XDG_CONFIG_HOME/mlgraph/contexts.toml.
#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"

namespace mlgraph::cli {

struct StoredContext {
  std::string url;
  std::string token;       ///< or
  std::string token_file;  ///< absolute; or neither
  std::string ca_file;     ///< absolute; empty: the system's
};

struct Contexts {
  std::string current;  ///< empty: none
  std::map<std::string, StoredContext> named;
};

/// $XDG_CONFIG_HOME or ~/.config.
[[nodiscard]] std::filesystem::path contexts_file();
/// Empty while the file is not there. errors kInvalidValue with file and line; also when others
/// than its owner may read it, for it holds tokens.
[[nodiscard]] base::Result<Contexts> load_contexts();
/// Replaces the file whole or not at all: mode 0600 in a directory of 0700.
[[nodiscard]] base::Result<void> save_contexts(const Contexts& contexts);
/// Says which there are.
[[nodiscard]] base::Error unknown_context(const Contexts& contexts, const std::string& name);

}  // namespace mlgraph::cli
