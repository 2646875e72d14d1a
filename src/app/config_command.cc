#include "app/config_command.h"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/preflight.h"
#include "base/log.h"

namespace mlgraph::app {
namespace {

constexpr int kSound = 0, kProblems = 1, kUsage = 2;

int misused(const std::string& why) {
  fmt::print(stderr, "mlgraphd: {}\n", why);
  return kUsage;
}

int tell(const std::vector<std::string>& problems) {
  for (const auto& problem : problems) fmt::print(stderr, "mlgraphd: {}\n", problem);
  return problems.empty() ? kSound : kProblems;
}

int check(const Sources& sources) {
  warn_of_unknown_variables();
  const auto loaded = load(sources);
  auto problems = loaded.problems;
  for (auto& problem : preflight(loaded)) problems.push_back(std::move(problem));
  if (problems.empty())
    fmt::print("the configuration is sound{}\n", sources.file.empty() ? "" : ": " + sources.file);
  return tell(problems);
}

int show(const Sources& sources, bool origins) {
  const auto loaded = load(sources);
  if (loaded.problems.empty()) fmt::print("{}", effective_toml(loaded, origins));
  return tell(loaded.problems);
}

}  // namespace

std::string effective_toml(const Loaded& loaded, bool origins) {
  std::vector<std::pair<std::string, std::string>> lines;  // with the comment behind each
  std::size_t width = 0;
  std::string table;
  for (const auto& setting : settings()) {
    const auto dot = setting.key.find('.');
    if (const auto name = setting.key.substr(0, dot); name != table) {
      lines.emplace_back((lines.empty() ? "[" : "\n[") + name + "]", "");
      table = name;
    }
    auto line = setting.key.substr(dot + 1) + " = " + setting.toml(loaded.config);
    width = std::max(width, line.size());
    lines.emplace_back(std::move(line), loaded.origin(setting.key));
  }
  std::string text;
  for (const auto& [line, origin] : lines)
    text += origins && !origin.empty() ? fmt::format("{:<{}}  # {}\n", line, width, origin)
                                       : line + "\n";
  if (!loaded.config.admin_token.empty())
    text += "\n# The admin token is given by MLGRAPH_ADMIN_TOKEN, and not shown.\n";
  return text;
}

std::string reference_table() {
  std::string text =
      "| key | default | range | flag | SIGHUP | meaning |\n|---|---|---|---|---|---|\n";
  const Config defaults;
  for (const auto& setting : settings()) {
    constexpr std::string_view kNumber = "a whole number ";
    const auto wanted = setting.wanted();
    text += fmt::format(
        "| {} | {} | {} | {} | {} | {} |\n",
        setting.key,
        setting.toml(defaults),
        wanted.starts_with(kNumber) ? wanted.substr(kNumber.size()) : "",
        setting.flag,
        setting.reload == Reload::kLive ? "yes" : "",
        setting.help
    );
  }
  return text;
}

bool is_config_command(std::string_view name) { return name == "config"; }

int run_config_command(int argc, char** argv) {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  CLI::App cli("mlgraphd config: settings without a start", "mlgraphd config");
  cli.require_subcommand(1);
  auto* checks = cli.add_subcommand("check", "tell all that is wrong with them; exit 0 or 1");
  SourceFlags checked(*checks);
  auto* shows = cli.add_subcommand("show", "print those in effect, as a configuration file");
  SourceFlags shown(*shows);
  bool origins = false;
  shows->add_flag("--origin", origins, "say where each value was told");
  auto* refers = cli.add_subcommand("reference", "print each key with its range and meaning");
  try {
    cli.parse(argc - 1, argv + 1);
  } catch (const CLI::Success& asked) {  // --help
    return cli.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return misused(wrong.what());
  }
  if (refers->parsed()) {
    fmt::print("{}", reference_table());
    return kSound;
  }
  const auto& flags = checks->parsed() ? checked : shown;
  if (const auto extra = flags.about_extra(); !extra.empty()) return misused(extra);
  return checks->parsed() ? check(flags.sources()) : show(flags.sources(), origins);
}

}  // namespace mlgraph::app
