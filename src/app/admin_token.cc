#include "app/admin_token.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "gateway/auth/authenticator.h"

namespace mlgraph::app {

base::Result<std::string> admin_token(const std::string& configured, const std::string& data_dir) {
  if (!configured.empty()) {
    if (!gateway::is_token_text(configured))
      return base::fail(
          base::ErrorCode::kInvalidValue,
          "MLGRAPH_ADMIN_TOKEN must match mlg_[A-Za-z0-9_-]{{8,252}}"
      );
    return configured;
  }
  const std::string path = data_dir + "/admin.token";
  std::string token;
  if (std::ifstream in(path); in && std::getline(in, token) && gateway::is_token_text(token))
    return token;
  token = "mlg_" + base::random_secret();
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string line = token + "\n";
  const bool written = fd >= 0 &&
                       write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!written)
    return base::fail(base::ErrorCode::kInternal, "writing {}: {}", path, std::strerror(error));
  base::log(base::LogLevel::kInfo, "an admin token was made", "path", path);
  return token;
}

}  // namespace mlgraph::app
