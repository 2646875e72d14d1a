#pragma once
// What `mlgraph-hdf5` writes to its standard output, for who began it.
#include <cstdint>

namespace mlgraph::hdf5 {

/// Frame:  u32 kind | u32 bytes | that many bytes. Both ends are one machine's: its byte order.
///   kShape  u64 rows | u64 dim      first, once the dataset is open
///   kRows   f32 [n, dim]            whole rows in their order, at most kRowsBytesMax
///   kError  text                    the last: what of the file cannot be read
///   kEnd    nothing                 the last: all rows have been told
/// A stream that ends without one of the last two was cut: the program has crashed over the file.
enum class FrameKind : std::uint32_t { kShape = 1, kRows, kError, kEnd };
struct FrameHead {
  FrameKind kind = FrameKind::kEnd;
  std::uint32_t bytes = 0;
};
struct Shape {
  std::uint64_t rows = 0;
  std::uint64_t dim = 0;
};
inline constexpr std::uint32_t kRowsBytesMax = std::uint32_t{1} << 20;
inline constexpr std::uint32_t kErrorBytesMax = 4'096;
/// Where the program finds the file.
inline constexpr int kFileDescriptor = 3;

}  // namespace mlgraph::hdf5
