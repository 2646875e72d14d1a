#include "index/hashed_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;

std::string hex(const HashedFile::Digest& digest) {
  std::string text(2 * digest.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  text.pop_back();
  return text;
}

HashedFile::HashedFile(std::string path, int flags)
    : path_(std::move(path)), fd_(open(path_.c_str(), flags | O_CLOEXEC, 0600)) {
  crypto_generichash_init(&hash_, nullptr, 0, kDigest);
}
HashedFile::~HashedFile() {
  if (fd_ >= 0) close(fd_);
}

Result<void> HashedFile::write(const void* data, std::size_t size, bool hashed) {
  if (hashed) crypto_generichash_update(&hash_, static_cast<const unsigned char*>(data), size);
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(fd_, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error("writing");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> HashedFile::read(void* data, std::size_t size, bool hashed) {
  char* at = static_cast<char*>(data);
  std::size_t left = size;
  while (left > 0) {
    const ssize_t n = ::read(fd_, at, left);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(ErrorCode::kCorrupt, "{} ends {} bytes early", path_, left);
    at += n;
    left -= static_cast<std::size_t>(n);
  }
  if (hashed) crypto_generichash_update(&hash_, static_cast<const unsigned char*>(data), size);
  return {};
}

HashedFile::Digest HashedFile::digest() {
  Digest out{};
  crypto_generichash_final(&hash_, out.data(), out.size());
  return out;
}

tl::unexpected<base::Error> HashedFile::error(const char* doing) const {
  const int code = errno;
  base::log(
      base::LogLevel::kError,
      "a sealed part failed",
      "doing",
      doing,
      "path",
      path_,
      "reason",
      std::strerror(code)
  );
  return fail(
      code == ENOSPC  ? ErrorCode::kNoSpace
      : code == EROFS ? ErrorCode::kReadonly
                      : ErrorCode::kInternal,
      "{} a sealed part: {}",
      doing,
      std::strerror(code)
  );
}

}  // namespace mlgraph::index
