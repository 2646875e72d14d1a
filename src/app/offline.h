#pragma once
#include <string_view>

namespace mlgraph::app {

/// Whether `mlgraphd NAME …` is not the server but work on a data directory at rest: "backup",
/// "restore".
[[nodiscard]] bool is_offline_command(std::string_view name);

/// Runs it. `mlgraph backup` is this very command: it starts mlgraphd under its own name.
/// argv      as the process got them, argv[1] being the command.
/// returns   the exit code: 0 done, 1 refused or failed with a sentence on standard error, 2 usage.
[[nodiscard]] int run_offline_command(int argc, char** argv);

}  // namespace mlgraph::app
