#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"

namespace mlgraph::work {

/// One two-dimensional dataset of an HDF5 file, open to be read.
/// Threads   any, one at a time; libhdf5 is entered under one mutex of the process.
class Hdf5Dataset {
 public:
  static constexpr std::uint64_t kChunkBytesMax = std::uint64_t{64} << 20;

  /// `path`: a regular file; once it is open its name may go. errors kBadRequest naming what of the
  /// file cannot be read: no HDF5, no such dataset, not two-dimensional, no numbers, filtered,
  /// stored elsewhere, or promising more than it stores.
  [[nodiscard]] static base::Result<std::unique_ptr<Hdf5Dataset>> open(
      const std::string& path, const std::string& dataset
  );
  ~Hdf5Dataset();
  Hdf5Dataset(const Hdf5Dataset&) = delete;
  Hdf5Dataset& operator=(const Hdf5Dataset&) = delete;

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t dim() const { return dim_; }
  /// Reads whole rows from `first` on, `out.size()` values of them, narrowed to 32-bit floats; what
  /// does not fit is infinite. errors kBadRequest naming the rows.
  [[nodiscard]] base::Result<void> read(std::uint64_t first, std::span<float> out) const;

 private:
  struct Handles;
  explicit Hdf5Dataset(std::unique_ptr<Handles> handles);
  const std::unique_ptr<Handles> handles_;
  std::uint64_t rows_ = 0;
  std::uint64_t dim_ = 0;
};

}  // namespace mlgraph::work
