#include "cli/offline.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"

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
  return kServerError;
}

}  // namespace mlgraph::cli
