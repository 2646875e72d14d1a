#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "model/names.h"
#include "store/log.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

tl::unexpected<base::Error> system_error(const std::string& path, const char* doing) {
  const int error = errno;
  const auto code = error == ENOSPC  ? ErrorCode::kNoSpace
                    : error == EROFS ? ErrorCode::kReadonly
                                     : ErrorCode::kInternal;
  return fail(code, "{} {}: {}", doing, path, std::strerror(error));
}

Result<void> make_private_folders(const std::filesystem::path& path) {
  std::filesystem::path built;
  for (const auto& part : std::filesystem::absolute(path)) {
    built /= part;
    if (mkdir(built.c_str(), 0700) != 0 && errno != EEXIST)
      return system_error(built.string(), "making");
  }
  std::error_code ec;
  if (!std::filesystem::is_directory(path, ec))
    return fail(ErrorCode::kInvalidValue, "{} is no folder", path.string());
  return {};
}

Result<void> write_format(const std::string& file) {
  const std::string part = file + ".new";
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(part, "writing");
  const std::string text = std::to_string(DataDir::kFormat) + "\n";
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written || std::rename(part.c_str(), file.c_str()) != 0)
    return system_error(file, "writing");
  return {};
}

Result<void> check_format(const std::string& file) {
  std::ifstream in(file);
  int version = 0;
  if (!(in >> version) || version < 1)
    return fail(ErrorCode::kCorrupt, "{} holds no format version", file);
  if (version > DataDir::kFormat)
    return fail(
        ErrorCode::kInvalidValue,
        "{} is of format {}, this server reads up to {}: use a newer mlgraphd",
        file,
        version,
        DataDir::kFormat
    );
  return {};
}

}  // namespace

Result<DataDir> DataDir::open(const std::string& path) {
  MLG_TRY_VOID(make_private_folders(path));
  const std::string lock = path + "/LOCK-mlgraph";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(lock, "opening");
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return fail(ErrorCode::kConflict, "data directory {} is in use by another mlgraphd", path);
  }
  DataDir dir(path, fd);
  const std::string format = path + "/FORMAT";
  std::error_code ec;
  auto sound = std::filesystem::exists(format, ec) ? check_format(format) : write_format(format);
  if (!sound) return tl::unexpected(std::move(sound).error());
  return dir;
}

Result<void> DataDir::check(const std::string& path) {
  std::error_code ec;
  auto folder = std::filesystem::absolute(path, ec);
  const bool made = std::filesystem::exists(folder, ec);
  while (!std::filesystem::exists(folder, ec) && folder.has_relative_path())
    folder = folder.parent_path();
  if (!std::filesystem::is_directory(folder, ec))
    return fail(
        ErrorCode::kInvalidValue, "data directory {}: {} is no folder", path, folder.string()
    );
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return system_error(path, made ? "writing to the data directory" : "making the data directory");
  const std::string format = path + "/FORMAT";
  if (made && std::filesystem::exists(format, ec)) return check_format(format);
  return {};
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

DataDir::~DataDir() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

}  // namespace mlgraph::store
