#pragma once
// What stands before the values of an NPY file.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::work {

/// How one value is stored, little-endian.
struct NpyElement {
  std::string_view name;  ///< as in `descr`: "<f4", "|u1", …
  std::size_t bytes = 0;
  /// Narrows the row in `from` to 32-bit floats; what does not fit becomes infinite.
  void (*narrow)(const char* from, std::span<float> to) = nullptr;
};

struct NpyHeader {
  const NpyElement* element = nullptr;
  std::uint64_t rows = 0;
  std::uint64_t dim = 0;
};

/// The dictionary of a header: {'descr': …, 'fortran_order': …, 'shape': …}. Floats of 16, 32 and
/// 64 bits and integers are read, little-endian, C order, two dimensions. errors kBadRequest naming
/// what is not read.
[[nodiscard]] base::Result<NpyHeader> parse_npy_header(std::string_view text);

/// A whole header (version 1) of 32-bit floats [rows, dim], as NumPy writes it.
[[nodiscard]] std::string make_npy_header(std::uint64_t rows, std::uint64_t dim);

}  // namespace mlgraph::work
