#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/log.h"
#include "index/ivf_part.h"

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::array<char, 8> kMagic = {'M', 'L', 'G', 'P', 'A', 'R', 'T', '2'};
constexpr std::size_t kDigest = 32;

struct Head {
  std::array<char, 8> magic = kMagic;
  std::uint32_t dim = 0;
  std::uint32_t metric = 0;
  std::uint32_t nlist = 0;
  std::uint32_t rows_upto = 0;
  std::uint64_t n = 0;
  decltype(ProbeRule::lists) probing{};
  std::uint32_t zero = 0;
};
static_assert(sizeof(Head) == 56);

std::string hex(const std::array<unsigned char, kDigest>& digest) {
  std::string text(2 * kDigest + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  text.pop_back();
  return text;
}

/// A file descriptor that hashes what passes through it.
class HashedFile {
 public:
  HashedFile(const std::string& path, int flags)
      : path_(path), fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    crypto_generichash_init(&hash_, nullptr, 0, kDigest);
  }
  ~HashedFile() {
    if (fd_ >= 0) close(fd_);
  }
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  Result<void> write(const void* data, std::size_t size, bool hashed = true) {
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
  Result<void> read(void* data, std::size_t size, bool hashed = true) {
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
  [[nodiscard]] std::array<unsigned char, kDigest> digest() {
    std::array<unsigned char, kDigest> out{};
    crypto_generichash_final(&hash_, out.data(), out.size());
    return out;
  }
  /// A training tells its error to clients: the file's path is for the log alone.
  [[nodiscard]] tl::unexpected<base::Error> error(const char* doing) const {
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

 private:
  const std::string path_;
  const int fd_;
  crypto_generichash_state hash_{};
};

template <typename T>
Result<void> write_all(HashedFile& file, const std::vector<T>& items) {
  return file.write(items.data(), items.size() * sizeof(T));
}
template <typename T>
Result<void> read_all(HashedFile& file, std::vector<T>& items, std::size_t count) {
  items.resize(count);
  return file.read(items.data(), count * sizeof(T));
}

Result<void> check_lists(const IvfPart& part, const std::string& path, std::uint64_t n) {
  for (std::size_t i = 0; i + 1 < part.offsets.size(); ++i)
    if (part.offsets[i] > part.offsets[i + 1])
      return fail(ErrorCode::kCorrupt, "{}: list {} has a negative length", path, i);
  if (part.offsets.front() != 0 || part.offsets.back() != n)
    return fail(ErrorCode::kCorrupt, "{}: the lists do not add up to {} rows", path, n);
  for (const auto row : part.rows)
    if (row >= part.rows_upto)
      return fail(ErrorCode::kCorrupt, "{}: row {} is beyond {}", path, row, part.rows_upto);
  const auto& probing = part.probing.lists;
  if (probing.front() == 0 || !std::is_sorted(probing.begin(), probing.end()))
    return fail(ErrorCode::kCorrupt, "{}: its numbers of lists to probe fall", path);
  return {};
}

}  // namespace

void IvfPart::index_positions() {
  positions.assign(rows_upto, kNowhere);
  for (std::size_t i = 0; i < rows.size(); ++i) positions[rows[i]] = static_cast<std::uint32_t>(i);
}

Result<std::string> write_part(const IvfPart& part, const std::string& path) {
  const std::string beside = path + ".new";
  HashedFile file(beside, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) return file.error("making");
  Head head;
  head.dim = part.dim;
  head.metric = static_cast<std::uint32_t>(part.metric);
  head.nlist = part.nlist();
  head.rows_upto = part.rows_upto;
  head.n = part.rows.size();
  head.probing = part.probing.lists;
  MLG_TRY_VOID(file.write(&head, sizeof head));
  MLG_TRY_VOID(write_all(file, part.centroids));
  MLG_TRY_VOID(write_all(file, part.offsets));
  MLG_TRY_VOID(write_all(file, part.rows));
  MLG_TRY_VOID(write_all(file, part.values));
  const auto digest = file.digest();
  MLG_TRY_VOID(file.write(digest.data(), digest.size(), false));
  if (fsync(file.fd()) != 0 || std::rename(beside.c_str(), path.c_str()) != 0)
    return file.error("writing");
  const int folder =
      open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    static_cast<void>(fsync(folder));
    close(folder);
  }
  return hex(digest);
}

Result<std::shared_ptr<const IvfPart>> read_part(
    const std::string& path, const std::string& checksum
) {
  HashedFile file(path, O_RDONLY);
  if (!file.is_open()) return file.error("opening");
  struct stat info {};
  if (fstat(file.fd(), &info) != 0) return file.error("reading");
  Head head;
  MLG_TRY_VOID(file.read(&head, sizeof head));
  if (head.magic != kMagic)
    return fail(ErrorCode::kCorrupt, "{} is no part file of this version", path);
  // The counts are believed only if the file is exactly as long as they say.
  const auto size = static_cast<unsigned __int128>(sizeof head) +
                    static_cast<unsigned __int128>(head.nlist) * head.dim * 4 +
                    (static_cast<unsigned __int128>(head.nlist) + 1) * 8 +
                    static_cast<unsigned __int128>(head.n) * 4 +
                    static_cast<unsigned __int128>(head.n) * head.dim * 4 + kDigest;
  if (size != static_cast<unsigned __int128>(info.st_size) || head.nlist == 0 || head.metric > 2)
    return fail(ErrorCode::kCorrupt, "{}: its head does not fit its {} bytes", path, info.st_size);
  auto part = std::make_shared<IvfPart>();
  part->dim = head.dim;
  part->metric = static_cast<model::Metric>(head.metric);
  part->probing.lists = head.probing;
  part->rows_upto = head.rows_upto;
  MLG_TRY_VOID(read_all(file, part->centroids, std::size_t{head.nlist} * head.dim));
  MLG_TRY_VOID(read_all(file, part->offsets, std::size_t{head.nlist} + 1));
  MLG_TRY_VOID(read_all(file, part->rows, head.n));
  MLG_TRY_VOID(read_all(file, part->values, head.n * head.dim));
  const auto digest = file.digest();
  std::array<unsigned char, kDigest> stored{};
  MLG_TRY_VOID(file.read(stored.data(), stored.size(), false));
  if (stored != digest || hex(digest) != checksum)
    return fail(ErrorCode::kCorrupt, "{}: wrong checksum", path);
  MLG_TRY_VOID(check_lists(*part, path, head.n));
  part->index_positions();
  return part;
}

}  // namespace mlgraph::index
