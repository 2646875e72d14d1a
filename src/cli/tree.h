#pragma once
// The tree of commands as completion and the man page read it.
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace mlgraph::cli {

/// Its visible commands, in the order of --help.
[[nodiscard]] std::vector<CLI::App*> commands_of(CLI::App* command);
/// Its own options without the positional ones; --help last.
[[nodiscard]] std::vector<const CLI::Option*> options_of(const CLI::App* command);
[[nodiscard]] std::vector<const CLI::Option*> positionals_of(const CLI::App* command);
/// "--json", "-o".
[[nodiscard]] std::vector<std::string> names_of(const CLI::Option* option);
[[nodiscard]] bool takes_value(const CLI::Option* option);
/// "INDEX", "UINT", "SECONDS"; without the limits that are checked.
[[nodiscard]] std::string type_of(const CLI::Option* option);
/// Of an option that takes one of some words; else empty.
[[nodiscard]] std::vector<std::string> choices_of(const CLI::Option* option);

}  // namespace mlgraph::cli
