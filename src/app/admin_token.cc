#include "app/admin_token.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"

namespace mlgraph::app {

using base::Result;
using gateway::AdminToken;

namespace {

std::optional<std::string> read_token(const std::string& path) {
  std::ifstream in(path);
  std::string token;
  if (!in || !std::getline(in, token) || !gateway::is_token_text(token)) return std::nullopt;
  return token;
}

Result<void> write_token(const std::string& path, const std::string& token) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string line = token + "\n";
  const bool written = fd >= 0 && fchmod(fd, 0600) == 0 &&
                       write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!written)
    return base::fail(base::ErrorCode::kInternal, "writing {}: {}", path, std::strerror(error));
  return {};
}

/// A file that names a token which is not valid (any more) only misleads.
Result<void> remove_unless_valid(
    const gateway::Authenticator& authenticator, const std::string& path
) {
  const auto kept = read_token(path);
  if (kept && authenticator.is_admin_token(*kept)) return {};
  if (unlink(path.c_str()) == 0) {
    base::log(
        base::LogLevel::kInfo, "the file of a replaced admin token was removed", "path", path
    );
  } else if (errno != ENOENT) {
    return base::fail(base::ErrorCode::kInternal, "removing {}: {}", path, std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<void> settle_admin_token(
    gateway::Authenticator& authenticator,
    const std::string& configured,
    const std::string& data_dir
) {
  const std::string path = data_dir + "/admin.token";
  if (!configured.empty()) {
    MLG_TRY_VOID(authenticator.set_admin_token(configured, AdminToken::kGiven));
    return remove_unless_valid(authenticator, path);
  }
  if (authenticator.admin_token() == AdminToken::kGiven)
    return remove_unless_valid(authenticator, path);
  if (const auto kept = read_token(path))
    return authenticator.set_admin_token(*kept, AdminToken::kMade);
  // The file comes first: a token that is valid and stands nowhere would lock its owner out.
  const std::string token = "mlg_" + base::random_secret();
  MLG_TRY_VOID(write_token(path, token));
  base::log(base::LogLevel::kInfo, "an admin token was made", "path", path);
  return authenticator.set_admin_token(token, AdminToken::kMade);
}

}  // namespace mlgraph::app
