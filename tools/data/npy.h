#pragma once
// NPY files of little-endian float32 [rows, dim], as numpy writes them: read through a mapping, so
// that a set larger than memory can be walked; written row by row.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

namespace npy {

[[noreturn]] inline void die(const std::string& path, const char* why) {
  std::fprintf(stderr, "%s: %s\n", path.c_str(), why);
  std::exit(1);
}

class File {
 public:
  explicit File(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (fd < 0 || fstat(fd, &about) != 0) die(path, "cannot be read");
    bytes_ = static_cast<std::size_t>(about.st_size);
    void* mapped = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED || bytes_ < 10) die(path, "cannot be mapped");
    begin_ = static_cast<const unsigned char*>(mapped);
    const std::size_t size = begin_[8] | static_cast<std::size_t>(begin_[9]) << 8;
    const std::string header(reinterpret_cast<const char*>(begin_) + 10, size);
    const auto shape = header.find('(');
    if (header.find("'<f4'") == std::string::npos || shape == std::string::npos ||
        std::sscanf(header.c_str() + shape, "(%zu, %zu", &rows_, &dim_) != 2 ||
        bytes_ != 10 + size + rows_ * dim_ * sizeof(float))
      die(path, "no NPY file of float32 rows");
    values_ = reinterpret_cast<const float*>(begin_ + 10 + size);
  }
  ~File() { munmap(const_cast<unsigned char*>(begin_), bytes_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t dim() const { return dim_; }
  [[nodiscard]] const float* row(std::size_t i) const { return values_ + i * dim_; }

 private:
  std::size_t bytes_ = 0, rows_ = 0, dim_ = 0;
  const unsigned char* begin_ = nullptr;
  const float* values_ = nullptr;
};

/// The header of a file of `rows` rows; their bytes follow.
inline void write_header(std::FILE* out, std::size_t rows, std::size_t dim) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(dim) + "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::fwrite("\x93NUMPY\x01\x00", 1, 8, out);
  std::fputc(static_cast<int>(header.size() & 255), out);
  std::fputc(static_cast<int>(header.size() >> 8), out);
  std::fwrite(header.data(), 1, header.size(), out);
}

}  // namespace npy
