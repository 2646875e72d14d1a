#pragma once
// The values of a sealed part's rows, wherever they are kept.
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "index/float16.h"
#include "index/huge_vector.h"

namespace mlgraph::index {

/// An open file, closed with the last of its users; it may be unlinked meanwhile.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// Whether all `size` bytes at `offset` could be read.
  [[nodiscard]] bool read(void* out, std::size_t size, std::uint64_t offset) const;

 private:
  const int fd_;
};

/// Rows of `dim` values by position: in memory with 32 or 16 bits each, or on disk.
/// Threads    immutable once filled; reading blocks where the rows are on disk.
class PartValues {
 public:
  enum class Width : std::uint8_t { kFloat, kHalf };
  struct OnDisk {
    std::shared_ptr<const OpenFile> file;
    std::uint64_t offset = 0;  ///< of the first row
    Width width = Width::kFloat;
  };

  PartValues() = default;
  PartValues(std::uint32_t dim, HugeVector<float> values) : dim_(dim), rows_(std::move(values)) {}
  PartValues(std::uint32_t dim, HugeVector<Half> values) : dim_(dim), rows_(std::move(values)) {}
  PartValues(std::uint32_t dim, OnDisk rows) : dim_(dim), rows_(std::move(rows)) {}

  /// Rows [at, at + n): where they are, or read into `scratch` [n, dim]; nullptr when the disk did
  /// not give them.
  [[nodiscard]] const float* block(std::size_t at, std::size_t n, float* scratch) const;
  [[nodiscard]] bool is_on_disk() const { return std::holds_alternative<OnDisk>(rows_); }
  [[nodiscard]] Width width() const;

 private:
  std::uint32_t dim_ = 0;
  std::variant<HugeVector<float>, HugeVector<Half>, OnDisk> rows_;
};

}  // namespace mlgraph::index
