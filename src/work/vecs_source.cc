// fvecs and bvecs (the TEXMEX corpora's formats): an i32 dimension, then that many f32 or u8, row
// after row.
#include <cmath>
#include <type_traits>

#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

/// Value: float or std::uint8_t.
template <typename Value>
class VecsSource final : public RowSource {
 public:
  VecsSource(ByteSource& bytes, std::uint32_t dimension, std::string id_prefix)
      : reader_(bytes), dimension_(dimension), id_prefix_(std::move(id_prefix)) {
    const std::uint64_t row_bytes = sizeof(std::int32_t) + std::uint64_t{dimension} * sizeof(Value);
    if (const auto length = bytes.length(); length && *length % row_bytes == 0)
      total_ = *length / row_bytes;
    if constexpr (!kFloats) bytes_.resize(dimension);
  }

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    for (std::size_t seen = 0; seen < rows_max; ++seen, ++row_) {
      std::int32_t dim = 0;
      MLG_TRY(n, reader_.fill({reinterpret_cast<char*>(&dim), sizeof dim}));
      if (n == 0) return seen > 0;
      if (n < sizeof dim) return ends_in_a_row();
      if (dim < 0 || static_cast<std::uint32_t>(dim) != dimension_)
        return fail(
            ErrorCode::kInvalidVector,
            "row {} of the {} file has dimension {}, the index has {}",
            row_,
            kName,
            dim,
            dimension_
        );
      const auto values = out.next_values();
      MLG_TRY(whole, read_values(values));
      if (!whole) return ends_in_a_row();
      std::size_t finite = 0;
      while (finite < values.size() && std::isfinite(values[finite])) ++finite;
      if (finite == values.size())
        out.keep(id_prefix_ + std::to_string(row_), {}, row_);
      else
        on_bad_row(row_, fmt::format("value {} is not a finite 32-bit number", finite));
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override { return total_; }
  std::uint64_t bytes_read() const override { return reader_.consumed(); }

 private:
  static constexpr bool kFloats = std::is_same_v<Value, float>;
  static constexpr std::string_view kName = kFloats ? "fvecs" : "bvecs";

  /// false: the file ends before the row does.
  Result<bool> read_values(std::span<float> values) {
    if constexpr (kFloats) {
      MLG_TRY(n, reader_.fill({reinterpret_cast<char*>(values.data()), values.size_bytes()}));
      return n == values.size_bytes();
    } else {
      MLG_TRY(n, reader_.fill({reinterpret_cast<char*>(bytes_.data()), bytes_.size()}));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(bytes_[i]);
      return n == bytes_.size();
    }
  }
  [[nodiscard]] tl::unexpected<base::Error> ends_in_a_row() const {
    return fail(ErrorCode::kBadRequest, "the {} file ends in row {}", kName, row_);
  }

  ByteReader reader_;
  const std::uint32_t dimension_;
  const std::string id_prefix_;
  std::optional<std::uint64_t> total_;
  std::vector<std::uint8_t> bytes_;
  std::uint64_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_fvecs_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
) {
  return std::make_unique<VecsSource<float>>(bytes, dimension, std::move(id_prefix));
}
std::unique_ptr<RowSource> make_bvecs_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
) {
  return std::make_unique<VecsSource<std::uint8_t>>(bytes, dimension, std::move(id_prefix));
}

}  // namespace mlgraph::work
