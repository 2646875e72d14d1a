#include "app/command_line.h"

#include <cstdlib>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "base/nearest.h"
#include "model/names.h"

namespace mlgraph::app {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value) return std::nullopt;
  return std::string(value);
}

}  // namespace

SourceFlags::SourceFlags(CLI::App& cli)
    : cli_(cli), file_(environment("MLGRAPH_CONFIG").value_or("")) {
  cli.add_option("--config", file_, "TOML file; each key also as MLGRAPH_<TABLE>_<KEY>");
  for (const auto& setting : settings())
    if (!setting.flag.empty()) cli.add_option(setting.flag, values_[&setting], setting.help);
  cli.allow_extras();
}

Sources SourceFlags::sources() const {
  Sources sources{file_, environment, {}};
  for (const auto& [setting, value] : values_)
    if (cli_.count(setting->flag) > 0) sources.flags.emplace_back(setting, value);
  return sources;
}

std::string SourceFlags::about_extra() const {
  const auto extras = cli_.remaining();
  if (extras.empty()) return {};
  if (!extras[0].starts_with("--")) return "an argument belongs to no flag; see mlgraphd --help";
  std::vector<std::string> flags;
  for (const auto* option : cli_.get_options()) flags.push_back("--" + option->get_lnames().at(0));
  const std::string flag = extras[0].substr(0, extras[0].find('='));
  return fmt::format(
      "unknown flag '{}', did you mean '{}'?", model::printable(flag), base::nearest(flag, flags)
  );
}

void warn_of_unknown_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const auto& unknown : unknown_variables(names))
    base::log(
        base::LogLevel::kWarn,
        "an environment variable is not known",
        "name",
        unknown.name,
        "did_you_mean",
        unknown.nearest
    );
}

}  // namespace mlgraph::app
