// mlgraph-hdf5 DATASET DIMENSION: the rows of the HDF5 file at descriptor 3, as frames on standard
// output. mlgraphd begins one for each file, so that what libhdf5 does over a damaged one ends this
// process and no other.
#include <charconv>
#include <csignal>
#include <cstring>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <vector>

#include <unistd.h>

#include "hdf5/dataset.h"
#include "hdf5/frames.h"

namespace {

using namespace mlgraph::hdf5;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MLG_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLG_SANITIZED
#endif

void limit_ourselves() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr rlimit kNoCore{0, 0};
  setrlimit(RLIMIT_CORE, &kNoCore);
#ifndef MLG_SANITIZED  // which reserve terabytes
  constexpr rlim_t kMemory = rlim_t{1} << 30;
  constexpr rlimit kMemoryLimit{kMemory, kMemory};
  setrlimit(RLIMIT_AS, &kMemoryLimit);
#endif
}

/// Ends the process where nobody reads any more.
void put(const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = write(STDOUT_FILENO, at, size);
    if (n <= 0) _exit(1);
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

void put_frame(FrameKind kind, const void* data, std::size_t size) {
  const FrameHead head{kind, static_cast<std::uint32_t>(size)};
  put(&head, sizeof head);
  put(data, size);
}

void put_error(std::string_view text) {
  put_frame(FrameKind::kError, text.data(), std::min<std::size_t>(text.size(), kErrorBytesMax));
}

void put_rows(const Dataset& dataset) {
  const std::uint64_t at_once =
      std::max<std::uint64_t>(1, kRowsBytesMax / (dataset.dim() * sizeof(float)));
  std::vector<float> block;
  for (std::uint64_t row = 0; row < dataset.rows();) {
    const std::uint64_t rows = std::min(at_once, dataset.rows() - row);
    block.resize(rows * dataset.dim());
    if (const auto read = dataset.read(row, block); !read) return put_error(read.error().message);
    put_frame(FrameKind::kRows, block.data(), block.size() * sizeof(float));
    row += rows;
  }
  put_frame(FrameKind::kEnd, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  limit_ourselves();
  std::uint64_t dimension = 0;
  std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), dimension);
  const auto dataset = Dataset::open("/proc/self/fd/" + std::to_string(kFileDescriptor), argv[1]);
  if (!dataset) {
    put_error(dataset.error().message);
    _exit(0);
  }
  const Shape shape{(*dataset)->rows(), (*dataset)->dim()};
  put_frame(FrameKind::kShape, &shape, sizeof shape);
  if (shape.dim == dimension && dimension > 0) put_rows(**dataset);
  _exit(0);  // what libhdf5 would still put in order is of no use to anybody
}
