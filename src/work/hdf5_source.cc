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

  /// While the body is spooled, or its reader has nothing to tell yet, a call takes a step and no
  /// row: whoever asks can be cancelled in between.
  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    if (!rows_) {
      MLG_TRY(whole, spool_some());
      if (!whole) return true;
      MLG_TRY_VOID(begin());
    }
    if (at_end()) return false;
    for (std::size_t seen = 0; seen < rows_max && !at_end(); ++seen, ++row_) {
      const auto ready = rows_->ready();
      if (spool_ && (!ready || rows_->is_open())) spool_->unlink();
      if (!ready) return tl::unexpected(ready.error());
      if (!*ready) return true;
      const auto row = rows_->row();
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
    if (!rows_ || !rows_->is_open()) return std::nullopt;
    return rows_->rows();
  }
  std::uint64_t bytes_read() const override { return 0; }
  bool is_measured_by_bytes() const override { return false; }

 private:
  [[nodiscard]] bool at_end() const { return rows_->is_open() && row_ == rows_->rows(); }

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

  Result<void> begin() {
    const int file = spool_ ? spool_->file() : *bytes_.file();
    MLG_TRY(rows, Hdf5Rows::begin(file, options_.dataset, dimension_));
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
