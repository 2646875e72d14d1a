#include "app/offline.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "backup/backup.h"
#include "base/log.h"

namespace mlgraph::app {
namespace {

constexpr std::array<std::string_view, 2> kCommands = {"backup", "restore"};
constexpr int kDone = 0, kFailed = 1, kMisused = 2;

struct Asked {
  std::string first, second;
  bool verify = false;
};

int failed(const std::string& program, const base::Error& error) {
  fmt::print(stderr, "{}: {}\n", program, error.message);
  return kFailed;
}

std::string summary(const backup::Manifest& manifest) {
  return fmt::format(
      "{} files, {} bytes, at id {}", manifest.files.size(), manifest.bytes(), manifest.id
  );
}

/// backup DIR OUT [--verify], or backup --verify OUT
int run_backup(const std::string& program, const Asked& asked) {
  std::string out = asked.second;
  if (out.empty()) {
    if (!asked.verify) {
      fmt::print(stderr, "{}: backup needs DIR and OUT, or --verify OUT\n", program);
      return kMisused;
    }
    out = asked.first;
  } else {
    const auto made = backup::make(asked.first, out, base::SystemClock());
    if (!made) return failed(program, made.error());
    fmt::print("backed up {} to {}: {}\n", asked.first, out, summary(*made));
  }
  if (!asked.verify) return kDone;
  const auto verified = backup::verify(out);
  if (!verified) return failed(program, verified.error());
  fmt::print("verified {}: {}\n", out, summary(*verified));
  return kDone;
}

int run_restore(const std::string& program, const Asked& asked) {
  const auto at = backup::restore(asked.first, asked.second);
  if (!at) return failed(program, at.error());
  fmt::print(
      "restored {} to {}; its history begins anew behind id {}\n",
      asked.first,
      asked.second,
      model::format_cursor(*at)
  );
  return kDone;
}

}  // namespace

bool is_offline_command(std::string_view name) {
  return std::find(kCommands.begin(), kCommands.end(), name) != kCommands.end();
}

int run_offline_command(int argc, char** argv) {
  // Nothing here minds being cut: what stands under its name is whole.
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  base::set_log_level(base::LogLevel::kError);
  const std::string program = std::filesystem::path(argv[0]).filename().string();
  CLI::App app(program + ": a data directory at rest", program);
  app.require_subcommand(1);
  Asked asked;
  auto* backup = app.add_subcommand("backup", "copy a data directory that no server uses");
  backup->add_option("dir", asked.first, "the data directory (with --verify alone: the backup)")
      ->required();
  backup->add_option("out", asked.second, "the folder to make");
  backup->add_flag("--verify", asked.verify, "read the backup and compare all checksums");
  auto* restore = app.add_subcommand("restore", "make a data directory from a backup");
  restore->add_option("out", asked.first, "the backup")->required();
  restore->add_option("dir", asked.second, "the data directory to make; new or empty")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kMisused;
  }
  return backup->parsed() ? run_backup(program, asked) : run_restore(program, asked);
}

}  // namespace mlgraph::app
