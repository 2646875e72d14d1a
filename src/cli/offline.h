#pragma once
#include <string_view>

namespace mlgraph::cli {

/// "backup" and "restore" need no server and are mlgraphd's own: whoever wrote a data directory
/// reads it best, and this program stays free of databases.
[[nodiscard]] bool is_offline_command(std::string_view name);

/// Becomes the mlgraphd that stands beside this program, else the one that PATH finds, with the
/// same arguments and under this program's name. returns  only on failure: the exit code, told on
/// standard error.
[[nodiscard]] int become_mlgraphd(char** argv);

}  // namespace mlgraph::cli
