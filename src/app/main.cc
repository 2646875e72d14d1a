// `mlgraphd`: the MLGraph server.
#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/daemon.h"
#include "app/server.h"
#include "base/log.h"

namespace {

using namespace mlgraph;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value) return std::nullopt;
  return std::string(value);
}

int give_up(const base::Error& error) {
  std::fprintf(stderr, "mlgraphd: %s\n", error.message.c_str());
  return 1;
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
[[gnu::section(".preinit_array"), gnu::used]] void (*const catch_early)() = app::catch_signals;

}  // namespace

int main(int argc, char** argv) {
  app::Signals signals;
  CLI::App cli("mlgraphd: a vector index server that can be watched");
  std::string config_file = environment("MLGRAPH_CONFIG").value_or("");
  cli.add_option("--config", config_file, "TOML file; each key also as MLGRAPH_<TABLE>_<KEY>");
  std::map<const app::Setting*, std::string> values;
  for (const auto& setting : app::settings())
    if (!setting.flag.empty()) cli.add_option(setting.flag, values[&setting], setting.help);
  cli.set_version_flag("--version", std::string("mlgraphd ") + app::kVersion);
  CLI11_PARSE(cli, argc, argv);
  std::vector<std::pair<const app::Setting*, std::string>> flags;
  for (const auto& [setting, value] : values)
    if (cli.count(setting->flag) > 0) flags.emplace_back(setting, value);
  const auto config = read_config(config_file, flags);
  if (!config) return give_up(config.error());
  base::LogLevel level{};
  static_cast<void>(base::parse_log_level(config->log.level, level));
  base::set_log_level(level);
  return app::run(*config, signals);
}
