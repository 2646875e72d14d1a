#include "work/spool.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/random.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

tl::unexpected<base::Error> system_error(int error, const char* doing) {
  const auto code = error == ENOSPC || error == EDQUOT ? ErrorCode::kNoSpace
                    : error == EROFS                   ? ErrorCode::kReadonly
                                                       : ErrorCode::kInternal;
  return fail(code, "{}: {}", doing, std::strerror(error));
}

}  // namespace

Result<void> DiskRoom::check(int fd, std::uint64_t bytes, std::uint64_t more) const {
  if (bytes > bytes_max || more > bytes_max - bytes)
    return fail(
        ErrorCode::kTooLarge,
        "a file of more than {} bytes is wanted, the limit is {}",
        bytes + std::min(more, UINT64_MAX - bytes) - 1,
        bytes_max
    );
  struct statvfs disk {};
  if (fstatvfs(fd, &disk) != 0) return {};  // the write itself will tell
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free < left_min || more > free - left_min)
    return fail(
        ErrorCode::kNoSpace,
        "{} bytes more are wanted on a disk with {} free, of which {} are to stay",
        more,
        free,
        left_min
    );
  return {};
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR) return system_error(errno, "writing a file of the data directory");
  }
  return {};
}

Result<std::unique_ptr<Spool>> Spool::open(const std::string& folder, DiskRoom room) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "making the folder of temporary files");
  std::string path = folder + "/" + base::random_name(20);
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(errno, "making a temporary file");
  return std::unique_ptr<Spool>(new Spool(std::move(path), fd, room));
}

Spool::~Spool() {
  unlink();
  close(fd_);
}

void Spool::unlink() {
  if (!std::exchange(unlinked_, true)) ::unlink(path_.c_str());
}

void Spool::clear(const std::string& folder) {
  std::error_code none_is_fine;
  std::filesystem::remove_all(folder, none_is_fine);
}

Result<bool> Spool::take(ByteSource& from) {
  // What is told of the length is asked for at once, so that nobody sends in vain.
  if (bytes_ == 0)
    if (const auto length = from.length()) MLG_TRY_VOID(room_.check(fd_, 0, *length));
  MLG_TRY_VOID(room_.check(fd_, bytes_, kStepBytes));
  std::vector<char> piece(kPieceBytes);
  for (std::size_t taken = 0; taken < kStepBytes;) {
    MLG_TRY(n, from.read({piece.data(), std::min(piece.size(), kStepBytes - taken)}));
    if (n == 0) return false;
    MLG_TRY_VOID(write_all(fd_, {piece.data(), n}));
    taken += n;
    bytes_ += n;
  }
  return true;
}

}  // namespace mlgraph::work
