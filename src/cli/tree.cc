#include "cli/tree.h"

#include <algorithm>

namespace mlgraph::cli {

std::vector<CLI::App*> commands_of(CLI::App* command) {
  return command->get_subcommands([](CLI::App* sub) { return !sub->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App* command) {
  std::vector<const CLI::Option*> options;
  for (const auto* option : command->get_options())
    if (!option->get_positional() && !option->get_group().empty()) options.push_back(option);
  if (!options.empty()) std::rotate(options.begin(), options.begin() + 1, options.end());
  return options;
}

std::vector<const CLI::Option*> positionals_of(const CLI::App* command) {
  std::vector<const CLI::Option*> options;
  for (const auto* option : command->get_options())
    if (option->get_positional()) options.push_back(option);
  return options;
}

std::vector<std::string> names_of(const CLI::Option* option) {
  std::vector<std::string> names;
  for (const auto& name : option->get_snames()) names.push_back("-" + name);
  for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option* option) { return option->get_items_expected_max() > 0; }

std::string type_of(const CLI::Option* option) {
  const auto name = option->get_type_name();
  return choices_of(option).empty() ? name.substr(0, name.find(':')) : "WORD";
}

std::vector<std::string> choices_of(const CLI::Option* option) {
  const auto name = option->get_type_name();
  const auto open = name.find('{');
  const auto close = name.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(name.substr(open + 1, close - open - 1), ',');
}

}  // namespace mlgraph::cli
