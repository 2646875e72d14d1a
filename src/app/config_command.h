#pragma once
// `mlgraphd config check|show|reference`: settings without a start.
#include <string>
#include <string_view>

#include "app/sources.h"

namespace mlgraph::app {

[[nodiscard]] bool is_config_command(std::string_view name);

/// argv[1] is "config". returns the exit code: 0; 1 when `check` or `show` found problems, each a
/// line on standard error; 2 usage.
[[nodiscard]] int run_config_command(int argc, char** argv);

/// The settings as a configuration file, valid as such. `origins`: each line says in a comment
/// where its value was told. The admin token does not stand in it; a comment says whether there is
/// one.
[[nodiscard]] std::string effective_toml(const Loaded& loaded, bool origins);

/// All settings as the Markdown table of docs/operating.md.
[[nodiscard]] std::string reference_table();

}  // namespace mlgraph::app
