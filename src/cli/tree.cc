#include "cli/tree.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace mlgraph::cli {
namespace {

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// CLI11 names the words of a choice in the type: "TEXT:{jsonl,npy}".
std::vector<std::string> choices_in(const std::string& type_name) {
  const auto open = type_name.find('{');
  const auto close = type_name.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type_name.substr(open + 1, close - open - 1), ',');
}

OptionNode read_option(const CLI::Option& option) {
  OptionNode node;
  const auto type_name = option.get_type_name();
  node.name = option.get_single_name();
  node.names = names_of(option);
  node.help = option.get_description();
  node.choices = choices_in(type_name);
  node.type = node.choices.empty() ? type_name.substr(0, type_name.find(':')) : "WORD";
  node.default_text = option.get_default_str();
  node.takes_value = option.get_items_expected_max() > 0;
  node.takes_many = option.get_items_expected_max() > 1;
  node.required = option.get_required();
  return node;
}

CommandNode read_command(const CLI::App& command) {
  CommandNode node;
  node.name = command.get_name();
  node.help = command.get_description();
  for (const auto* option : command.get_options()) {
    if (option->get_positional()) {
      node.positionals.push_back(read_option(*option));
    } else if (!option->get_group().empty()) {
      node.options.push_back(read_option(*option));
      node.options.back().is_help = option == command.get_help_ptr();
    }
  }
  // CLI11 has --help first.
  if (!node.options.empty())
    std::rotate(node.options.begin(), node.options.begin() + 1, node.options.end());
  const auto visible = [](const CLI::App* sub) { return !sub->get_group().empty(); };
  for (const auto* sub : command.get_subcommands(visible))
    node.commands.push_back(read_command(*sub));
  return node;
}

}  // namespace

CommandNode read_tree(const Command& root) { return read_command(*root.app()); }

}  // namespace mlgraph::cli
