#include "cli/offline.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include <unistd.h>

#include "cli/exit.h"
#include "cli/families.h"
#include "cli/output.h"
#include "cli/program.h"

namespace mlgraph::cli {

bool is_offline_command(std::string_view name) { return name == "backup" || name == "restore"; }

int become_mlgraphd(char** argv) {
  constexpr const char* kServer = "mlgraphd";
  std::error_code unknown;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::string beside = (self.parent_path() / kServer).string();
  if (!unknown) execv(beside.c_str(), argv);
  if (unknown || errno == ENOENT) execvp(kServer, argv);
  note(
      std::string("mlgraph: ") + kServer +
      " does the work, and cannot be started: " + std::strerror(errno)
  );
  return kRefused;
}

/// Shown in the help; main() has them run before anything is parsed.
void add_offline_commands(Program& program) {
  const auto too_late = [] {
    note("mlgraph: backup and restore come first, before any flag");
    return static_cast<int>(kUsage);
  };
  const auto verify = std::make_shared<bool>(false);
  auto backup = program.local_command(
      program.root(),
      "backup",
      "copy a data directory that no server uses: DIR OUT",
      [too_late, verify] { return too_late(); }  // holds the variable, as other actions do
  );
  backup.add_flag("--verify", *verify, "read all of a backup, compare every checksum");
  backup.allow_unknown();
  program
      .local_command(
          program.root(), "restore", "make a data directory from a backup: OUT DIR", too_late
      )
      .allow_unknown();
}

}  // namespace mlgraph::cli
