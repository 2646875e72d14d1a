#include "work/hdf5_source.h"

#include <algorithm>
#include <cmath>

#include "work/hdf5_rows.h"
#include "work/spool.h"

namespace mlgraph::work {
namespace {

using base::Result;

class Hdf5Source final : public RowSource {
 public:
  Hdf5Source(ByteSource& bytes, std::uint32_t dimension, RowOptions options)
      : bytes_(bytes), dimension_(dimension), options_(std::move(options)) {}

  /// While the body is spooled, a call takes a step of it and no row: whoever asks can be cancelled
  /// in between.
  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    if (!rows_) {
      MLG_TRY(whole, spool_some());
      if (!whole) return true;
      MLG_TRY_VOID(open());
    }
    if (row_ == rows_->rows()) return false;
    for (std::size_t seen = 0; seen < rows_max && row_ < rows_->rows(); ++seen, ++row_) {
      MLG_TRY(row, rows_->next());
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
    if (!rows_) return std::nullopt;
    return rows_->rows();
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
    auto opened =
        Hdf5Rows::open(spool_ ? spool_->file() : *bytes_.file(), options_.dataset, dimension_);
    if (spool_) spool_->unlink();
    MLG_TRY(rows, std::move(opened));
    rows_ = std::move(rows);
    return {};
  }

  ByteSource& bytes_;
  const std::uint32_t dimension_;
  const RowOptions options_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Hdf5Rows> rows_;
  std::uint64_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_hdf5_source(
    ByteSource& bytes, std::uint32_t dimension, const RowOptions& options
) {
  return std::make_unique<Hdf5Source>(bytes, dimension, options);
}

}  // namespace mlgraph::work
