// `mlgraphd`: the MLGraph server.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/command_line.h"
#include "app/config_command.h"
#include "app/daemon.h"
#include "app/offline.h"
#include "app/server.h"
#include "base/log.h"
#include "base/version.h"

namespace {

using namespace mlgraph;

/// What the caller wrote cannot be meant: nothing was begun.
int misused(const std::string& why) {
  std::fprintf(stderr, "mlgraphd: %s\n", why.c_str());
  return 2;
}

int serve(const app::Sources& sources, app::Signals& signals) {
  const auto loaded = app::load(sources);
  for (const auto& problem : loaded.problems) static_cast<void>(misused(problem));
  if (!loaded.problems.empty()) return 2;
  base::set_log_level(loaded.config.log.level);
  app::warn_of_unknown_variables();
  const app::Notify notify;
  return app::run(loaded, sources, signals, notify);
}

// Constructors of libraries run before main(), for tens of milliseconds; this runs before them.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kCatchEarly)() = app::catch_signals;

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && app::is_offline_command(argv[1])) return app::run_offline_command(argc, argv);
  if (argc > 1 && app::is_config_command(argv[1])) return app::run_config_command(argc, argv);
  app::Signals signals;
  CLI::App cli("mlgraphd: a vector index server that can be watched");
  cli.footer(
      "Without starting: mlgraphd config check|show|reference, mlgraphd backup, mlgraphd restore;\n"
      "each with --help. All settings: mlgraphd config reference, mlgraphd(8)."
  );
  app::SourceFlags flags(cli);
  cli.set_version_flag("--version", std::string("mlgraphd ") + base::kVersion);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return cli.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return misused(wrong.what());
  }
  if (const auto extra = flags.about_extra(); !extra.empty()) return misused(extra);
  return serve(flags.sources(), signals);
}
