// `mlgraphd`: the MLGraph server.
#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/offline.h"
#include "app/server.h"
#include "base/log.h"
#include "base/nearest.h"
#include "model/names.h"

namespace {

using namespace mlgraph;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value) return std::nullopt;
  return std::string(value);
}

/// What the caller wrote cannot be meant: nothing was begun.
int misused(const std::string& why) {
  std::fprintf(stderr, "mlgraphd: %s\n", why.c_str());
  return 2;
}

/// Names a flag; anything else may be a secret that went astray, and is not repeated.
std::string about_extra(const std::string& argument) {
  if (!argument.starts_with("--")) return "an argument belongs to no flag; see mlgraphd --help";
  std::vector<std::string> flags = {"--config", "--help", "--version"};
  for (const auto& setting : app::settings())
    if (!setting.flag.empty()) flags.push_back(setting.flag);
  const std::string flag = argument.substr(0, argument.find('='));
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
  for (const auto& unknown : app::unknown_variables(names))
    base::log(
        base::LogLevel::kWarn,
        "an environment variable is not known",
        "name",
        unknown.name,
        "did_you_mean",
        unknown.nearest
    );
}

/// File < environment < flags.
base::Result<app::Config> read_config(
    const std::string& file, const std::vector<std::pair<const app::Setting*, std::string>>& flags
) {
  app::Config config;
  if (!file.empty()) {
    MLG_TRY_VOID(app::apply_file(config, file));
  }
  MLG_TRY_VOID(app::apply_environment(config, environment));
  for (const auto& [setting, value] : flags)
    if (auto set = setting->set(config, value); !set)
      return base::fail(
          base::ErrorCode::kInvalidValue, "{}: {}", setting->flag, set.error().message
      );
  MLG_TRY_VOID(app::check(config));
  return config;
}

// Constructors of libraries run before main(), for tens of milliseconds; this runs before them.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kCatchEarly)() = app::catch_signals;

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && app::is_offline_command(argv[1])) return app::run_offline_command(argc, argv);
  app::Signals signals;
  CLI::App cli("mlgraphd: a vector index server that can be watched");
  std::string config_file = environment("MLGRAPH_CONFIG").value_or("");
  cli.add_option("--config", config_file, "TOML file; each key also as MLGRAPH_<TABLE>_<KEY>");
  std::map<const app::Setting*, std::string> values;
  for (const auto& setting : app::settings())
    if (!setting.flag.empty()) cli.add_option(setting.flag, values[&setting], setting.help);
  cli.set_version_flag("--version", std::string("mlgraphd ") + app::kVersion);
  cli.allow_extras();
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return cli.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return misused(wrong.what());
  }
  if (const auto extras = cli.remaining(); !extras.empty()) return misused(about_extra(extras[0]));
  std::vector<std::pair<const app::Setting*, std::string>> flags;
  for (const auto& [setting, value] : values)
    if (cli.count(setting->flag) > 0) flags.emplace_back(setting, value);
  const auto config = read_config(config_file, flags);
  if (!config) return misused(config.error().message);
  base::LogLevel level{};
  static_cast<void>(base::parse_log_level(config->log.level, level));
  base::set_log_level(level);
  warn_of_unknown_variables();
  return app::run(*config, signals);
}
