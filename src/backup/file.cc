#include "backup/file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace mlgraph::backup {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

tl::unexpected<base::Error> system_error(
    const char* doing, const std::string& shown, int error = errno
) {
  const auto code = error == ENOSPC || error == EDQUOT    ? ErrorCode::kNoSpace
                    : error == EROFS                      ? ErrorCode::kReadonly
                    : error == ENOENT || error == ENOTDIR ? ErrorCode::kNotFound
                    : error == EEXIST                     ? ErrorCode::kConflict
                    : error == EIO || error == ELOOP      ? ErrorCode::kCorrupt
                                                          : ErrorCode::kInternal;
  return fail(code, "{} {}: {}", doing, shown, std::strerror(error));
}

}  // namespace

Result<File> File::open(const std::string& path, std::string shown) {
  // A pipe must not make us wait, a link lead us elsewhere.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return system_error("opening", shown);
  File file(fd, std::move(shown));
  struct stat info {};
  if (fstat(fd, &info) != 0) return system_error("opening", file.shown_);
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::kCorrupt, "{} is no regular file", file.shown_);
  return file;
}

Result<File> File::make(const std::string& path, std::string shown) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("making", shown);
  return File(fd, std::move(shown));
}

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), shown_(std::move(other.shown_)) {}

File::~File() {
  if (fd_ >= 0) close(fd_);
}

Result<std::size_t> File::read(std::span<char> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t n = ::read(fd_, out.data() + filled, out.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("reading", shown_);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

Result<void> File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("writing", shown_);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> File::sync() {
  if (fsync(fd_) != 0) return system_error("writing", shown_);
  return {};
}

Result<std::uint64_t> File::size() const {
  struct stat info {};
  if (fstat(fd_, &info) != 0) return system_error("reading", shown_);
  return static_cast<std::uint64_t>(info.st_size);
}

Result<void> make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) return system_error("making", path);
  return {};
}

Result<void> sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!synced) return system_error("writing", path, error);
  return {};
}

Result<void> rename_folder(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return system_error("renaming to", to);
  return sync_folder(std::filesystem::path(to).parent_path());
}

Result<void> check_vacant(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(path, failed);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  const bool empty =
      std::filesystem::is_directory(status) && std::filesystem::is_empty(path, failed) && !failed;
  if (!empty)
    return fail(ErrorCode::kConflict, "{} exists and is no empty folder: name a new one", path);
  return {};
}

std::string plain_path(const std::string& path) {
  auto absolute = std::filesystem::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute.string();
}

std::string place_beside(const std::string& path) {
  const std::filesystem::path whole(path);
  return (whole.parent_path() / ("." + whole.filename().string() + ".mlgraph-partial")).string();
}

void remove_tree(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

Scaffold::~Scaffold() {
  if (!path_.empty()) remove_tree(path_);
}

}  // namespace mlgraph::backup
