#pragma once
#include <array>
#include <cstddef>
#include <string>

#include <sodium.h>

#include "base/error.h"

namespace mlgraph::index {

/// A file that is read or written from its begin to its end, hashed on the way (BLAKE2b-256).
/// Errors     their texts go to clients; the path is for the log alone.
/// Threads    confined.
class HashedFile {
 public:
  static constexpr std::size_t kDigest = 32;
  using Digest = std::array<unsigned char, kDigest>;

  HashedFile(std::string path, int flags);
  ~HashedFile();
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] base::Result<void> write(const void* data, std::size_t size, bool hashed = true);
  [[nodiscard]] base::Result<void> read(void* data, std::size_t size, bool hashed = true);
  /// Of all that was hashed; then nothing more is.
  [[nodiscard]] Digest digest();
  /// As errno says: kNoSpace, kReadonly, kInternal.
  [[nodiscard]] tl::unexpected<base::Error> error(const char* doing) const;

 private:
  const std::string path_;
  const int fd_;
  crypto_generichash_state hash_{};
};

[[nodiscard]] std::string hex(const HashedFile::Digest& digest);

}  // namespace mlgraph::index
