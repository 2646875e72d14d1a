#include "work/import_file.h"

#include <cerrno>
#include <cstring>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <unistd.h>

#include "model/names.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail_at;
using base::Result;

class OpenFile final : public ImportFile {
 public:
  OpenFile(int fd, Stamp stamp) : fd_(fd), stamp_(stamp) {}
  ~OpenFile() override { close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  Result<std::size_t> read(std::span<char> out) override {
    for (;;) {
      const ssize_t n = ::read(fd_, out.data(), out.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR)
        return base::fail(ErrorCode::kInternal, "reading the source: {}", std::strerror(errno));
    }
  }
  std::optional<std::uint64_t> length() const override { return stamp_.bytes; }
  std::optional<int> file() const override { return fd_; }
  const Stamp& stamp() const override { return stamp_; }

 private:
  const int fd_;
  const Stamp stamp_;
};

}  // namespace

Result<std::unique_ptr<ImportFile>> open_import_file(
    const std::string& folder, const std::string& source
) {
  const auto refused = [&](const char* why) {
    return fail_at(
        "source", ErrorCode::kInvalidValue, "source '{}' {}", model::printable(source), why
    );
  };
  if (source.empty() || source.find('\0') != std::string::npos) return refused("is no file name");
  const int root = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return refused("cannot be read: the server has no import folder");
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // opening a FIFO must not wait for its writer
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const int fd = static_cast<int>(syscall(SYS_openat2, root, source.c_str(), &how, sizeof how));
  const int error = errno;
  close(root);
  if (fd < 0) {
    if (error == ENOENT)
      return fail_at(
          "source",
          ErrorCode::kNotFound,
          "source '{}' is not in the import folder",
          model::printable(source)
      );
    return refused("is not a regular file below the import folder");
  }
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return refused("is not a regular file below the import folder");
  }
  constexpr std::int64_t kSecond = 1'000'000'000;
  const ImportFile::Stamp stamp{
      static_cast<std::uint64_t>(info.st_size),
      info.st_mtim.tv_sec * kSecond + info.st_mtim.tv_nsec};
  return std::make_unique<OpenFile>(fd, stamp);
}

FileFormat format_of(std::string file_name) {
  FileFormat format;
  format.compression = take_compression(file_name);
  for (const auto& [suffix, type] :
       {std::pair(".npy", "application/x-npy"),
        std::pair(".jsonl", "application/x-ndjson"),
        std::pair(".ndjson", "application/x-ndjson"),
        std::pair(".csv", "text/csv"),
        std::pair(".fvecs", "application/x-fvecs"),
        std::pair(".bvecs", "application/x-bvecs"),
        std::pair(".hdf5", "application/x-hdf5"),
        std::pair(".h5", "application/x-hdf5")})
    if (file_name.ends_with(suffix)) format.content_type = type;
  return format;
}

}  // namespace mlgraph::work
