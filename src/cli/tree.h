#pragma once
// The tree of commands as completion and the man page read it: plain values.
#include <string>
#include <vector>

#include "cli/command.h"

namespace mlgraph::cli {

struct OptionNode {
  std::string name;                ///< "token-file", "o"; a positional argument's own
  std::vector<std::string> names;  ///< "-o", "--output"; none: positional
  std::string help;
  std::string type;                  ///< "INDEX", "UINT"; without the limits that are checked
  std::vector<std::string> choices;  ///< of one that takes one of some words; else empty
  std::string default_text;          ///< empty: none is shown
  bool takes_value = false;
  bool takes_many = false;
  bool required = false;
  bool is_help = false;
};

struct CommandNode {
  std::string name;
  std::string help;
  std::vector<OptionNode> options;  ///< its own that have a dash; --help last
  std::vector<OptionNode> positionals;
  std::vector<CommandNode> commands;  ///< the visible ones, in the order of --help
};

/// `root` and all below it.
[[nodiscard]] CommandNode read_tree(const Command& root);

}  // namespace mlgraph::cli
