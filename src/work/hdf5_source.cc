#include "work/hdf5_source.h"

#include <algorithm>
#include <cmath>

#include "work/hdf5_file.h"
#include "work/spool.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kReadBytes = std::size_t{4} << 20;

class Hdf5Source final : public RowSource {
 public:
  Hdf5Source(ByteSource& bytes, std::uint32_t dimension, RowOptions options)
      : bytes_(bytes), dimension_(dimension), options_(std::move(options)) {}

  /// While the body is spooled, a call takes a step of it and no row: whoever asks can be cancelled
  /// in between.
  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    if (!dataset_) {
      MLG_TRY(whole, spool_some());
      if (!whole) return true;
      MLG_TRY_VOID(open());
    }
    if (row_ == dataset_->rows()) return false;
    for (std::size_t seen = 0; seen < rows_max && row_ < dataset_->rows(); ++seen, ++row_) {
      MLG_TRY(row, read_row());
      std::size_t finite = 0;
      while (finite < row.size() && std::isfinite(row[finite])) ++finite;
      if (finite < row.size()) {
        on_bad_row(row_, fmt::format("value {} is not a finite 32-bit number", finite));
        continue;
      }
      std::copy(row.begin(), row.end(), out.next_values().begin());
      out.keep(options_.id_prefix + std::to_string(row_), {}, row_);
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override {
    if (!dataset_) return std::nullopt;
    return dataset_->rows();
  }
  std::uint64_t bytes_read() const override { return 0; }
  bool is_measured_by_bytes() const override { return false; }

 private:
  /// true: there is a file to open.
  Result<bool> spool_some() {
    if (bytes_.file()) return true;
    if (!spool_) {
      MLG_TRY(spool, Spool::open(options_.spool_dir));
      spool_ = std::move(spool);
    }
    MLG_TRY(more, spool_->take(bytes_));
    return !more;
  }

  Result<void> open() {
    // The kernel's name of an open file: what stands under the file's own name now may be another.
    auto opened = Hdf5Dataset::open(
        spool_ ? spool_->path() : fmt::format("/proc/self/fd/{}", *bytes_.file()), options_.dataset
    );
    if (spool_) spool_->unlink();
    MLG_TRY(dataset, std::move(opened));
    if (dataset->dim() != dimension_)
      return fail(
          ErrorCode::kInvalidVector,
          "the HDF5 dataset has rows of {} values, the index has dimension {}",
          dataset->dim(),
          dimension_
      );
    dataset_ = std::move(dataset);
    return {};
  }

  /// The row at row_, from a block of rows that is read at once.
  Result<std::span<const float>> read_row() {
    if (row_ == block_end_) {
      const std::uint64_t rows = std::min<std::uint64_t>(
          std::max<std::uint64_t>(1, kReadBytes / (dimension_ * sizeof(float))),
          dataset_->rows() - row_
      );
      block_.resize(rows * dimension_);
      MLG_TRY_VOID(dataset_->read(row_, block_));
      block_begin_ = row_;
      block_end_ = row_ + rows;
    }
    return std::span<const float>(block_).subspan((row_ - block_begin_) * dimension_, dimension_);
  }

  ByteSource& bytes_;
  const std::uint32_t dimension_;
  const RowOptions options_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Hdf5Dataset> dataset_;  // closed before the spool it reads
  std::vector<float> block_;
  std::uint64_t block_begin_ = 0;
  std::uint64_t block_end_ = 0;
  std::uint64_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_hdf5_source(
    ByteSource& bytes, std::uint32_t dimension, const RowOptions& options
) {
  return std::make_unique<Hdf5Source>(bytes, dimension, options);
}

}  // namespace mlgraph::work
