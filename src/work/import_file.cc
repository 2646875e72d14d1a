// Files of the import folder: the kernel keeps the path inside.
#include <cerrno>
#include <cstring>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <unistd.h>

#include "model/names.h"
#include "work/import_job.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail_at;
using base::Result;

class FileSource final : public ByteSource {
 public:
  FileSource(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  ~FileSource() override { close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  Result<std::size_t> read(std::span<char> out) override {
    for (;;) {
      const ssize_t n = ::read(fd_, out.data(), out.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR)
        return base::fail(ErrorCode::kInternal, "reading the source: {}", std::strerror(errno));
    }
  }
  std::optional<std::uint64_t> length() const override { return size_; }

 private:
  const int fd_;
  const std::uint64_t size_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_import_file(
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
  return std::make_unique<FileSource>(fd, static_cast<std::uint64_t>(info.st_size));
}

std::string content_type_of(const std::string& source) {
  if (source.ends_with(".npy")) return "application/x-npy";
  if (source.ends_with(".jsonl") || source.ends_with(".ndjson")) return "application/x-ndjson";
  if (source.ends_with(".csv")) return "text/csv";
  if (source.ends_with(".fvecs")) return "application/x-fvecs";
  return {};
}

}  // namespace mlgraph::work
