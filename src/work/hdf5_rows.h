#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.h"
#include "hdf5/frames.h"

namespace mlgraph::work {

/// The rows of a dataset of an HDF5 file, read by a process of its own: `mlgraph-hdf5`, which
/// stands beside this program or in ../libexec/mlgraph. See src/hdf5/README.md.
/// Threads    confined; ready() waits for a second, so that whoever asks can be cancelled.
class Hdf5Rows {
 public:
  /// Begins the program. `file` is a regular file with a name, which may go once is_open(). errors
  /// kInvalidValue, kInternal.
  [[nodiscard]] static base::Result<std::unique_ptr<Hdf5Rows>> begin(
      int file, const std::string& dataset, std::uint32_t dimension
  );
  ~Hdf5Rows();
  Hdf5Rows(const Hdf5Rows&) = delete;
  Hdf5Rows& operator=(const Hdf5Rows&) = delete;

  /// Whether row() has one. errors  kBadRequest naming what of the file cannot be read, and the row
  /// where it ended, also after a minute without a sign of life; kInvalidVector for another
  /// dimension.
  [[nodiscard]] base::Result<bool> ready();
  /// The next row, [dim], valid until the next ready().
  [[nodiscard]] std::span<const float> row();
  /// Whether rows() is known.
  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  Hdf5Rows(pid_t process, int pipe, std::uint32_t dimension)
      : process_(process), pipe_(pipe), dimension_(dimension) {}
  [[nodiscard]] base::Result<void> read_shape();
  [[nodiscard]] base::Result<void> read_block();
  [[nodiscard]] base::Result<hdf5::FrameHead> read_head();
  [[nodiscard]] base::Result<void> read(void* into, std::size_t size);
  [[nodiscard]] tl::unexpected<base::Error> told(std::uint32_t bytes);

  const pid_t process_;
  const int pipe_;
  const std::uint32_t dimension_;
  bool open_ = false;
  int silent_seconds_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t row_ = 0;
  std::vector<float> block_;
  std::size_t used_ = 0;  ///< values of the block
};

}  // namespace mlgraph::work
