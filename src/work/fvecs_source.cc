// fvecs: an i32 dimension, then that many f32, row after row.
#include <cmath>

#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

class FvecsSource final : public RowSource {
 public:
  FvecsSource(ByteSource& bytes, std::uint32_t dimension, std::string id_prefix)
      : reader_(bytes), dimension_(dimension), id_prefix_(std::move(id_prefix)) {
    const std::uint64_t row_bytes = 4 + std::uint64_t{dimension} * 4;
    if (const auto length = bytes.length(); length && *length % row_bytes == 0)
      total_ = *length / row_bytes;
  }

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    for (std::size_t seen = 0; seen < rows_max; ++seen, ++row_) {
      std::int32_t dim = 0;
      MLG_TRY(n, reader_.fill({reinterpret_cast<char*>(&dim), sizeof dim}));
      if (n == 0) return seen > 0;
      if (n < sizeof dim)
        return fail(ErrorCode::kBadRequest, "the fvecs file ends in row {}", row_);
      if (dim < 0 || static_cast<std::uint32_t>(dim) != dimension_)
        return fail(
            ErrorCode::kInvalidVector,
            "row {} of the fvecs file has dimension {}, the index has {}",
            row_,
            dim,
            dimension_
        );
      const auto values = out.next_values();
      MLG_TRY(got, reader_.fill({reinterpret_cast<char*>(values.data()), values.size_bytes()}));
      if (got < values.size_bytes())
        return fail(ErrorCode::kBadRequest, "the fvecs file ends in row {}", row_);
      bool finite = true;
      for (const float value : values) finite = finite && std::isfinite(value);
      if (finite)
        out.keep(id_prefix_ + std::to_string(row_), {}, row_);
      else
        on_bad_row(row_, "a value is not finite");
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override { return total_; }
  std::uint64_t bytes_read() const override { return reader_.consumed(); }

 private:
  ByteReader reader_;
  const std::uint32_t dimension_;
  const std::string id_prefix_;
  std::optional<std::uint64_t> total_;
  std::uint64_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_fvecs_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
) {
  return std::make_unique<FvecsSource>(bytes, dimension, std::move(id_prefix));
}

}  // namespace mlgraph::work
