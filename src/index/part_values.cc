#include "index/part_values.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace mlgraph::index {

OpenFile::OpenFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
OpenFile::~OpenFile() {
  if (fd_ >= 0) close(fd_);
}

bool OpenFile::read(void* out, std::size_t size, std::uint64_t offset) const {
  char* at = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t n = pread(fd_, at, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

const float* PartValues::block(std::size_t at, std::size_t n, float* scratch) const {
  if (const auto* floats = std::get_if<HugeVector<float>>(&rows_))
    return floats->data() + at * dim_;
  const std::size_t count = n * dim_;
  if (const auto* halves = std::get_if<HugeVector<Half>>(&rows_)) {
    from_halves(halves->data() + at * dim_, count, scratch);
    return scratch;
  }
  const auto& disk = std::get<OnDisk>(rows_);
  if (disk.width == Width::kFloat)
    return disk.file->read(scratch, count * sizeof(float), disk.offset + at * dim_ * sizeof(float))
               ? scratch
               : nullptr;
  std::vector<Half> halves(count);
  if (!disk.file->read(halves.data(), count * sizeof(Half), disk.offset + at * dim_ * sizeof(Half)))
    return nullptr;
  from_halves(halves.data(), count, scratch);
  return scratch;
}

PartValues::Width PartValues::width() const {
  if (const auto* disk = std::get_if<OnDisk>(&rows_)) return disk->width;
  return std::holds_alternative<HugeVector<Half>>(rows_) ? Width::kHalf : Width::kFloat;
}

}  // namespace mlgraph::index
