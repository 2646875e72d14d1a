// NPY (NumPy Enhancement Proposal 1, versions 1 to 3): one array [rows, dim].
#include <cmath>
#include <cstring>

#include "work/npy_header.h"
#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kHeaderMax = 64 * 1024;

class NpySource final : public RowSource {
 public:
  NpySource(ByteSource& bytes, std::uint32_t dimension, std::string id_prefix)
      : bytes_(bytes), reader_(bytes), dimension_(dimension), id_prefix_(std::move(id_prefix)) {}

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    if (!header_) {
      MLG_TRY(header, read_header());
      header_ = header;
      row_bytes_.resize(dimension_ * header.element->bytes);
    }
    if (row_ == header_->rows) {
      char extra = 0;
      MLG_TRY(n, reader_.fill({&extra, 1}));
      if (n > 0)
        return fail(
            ErrorCode::kBadRequest, "the NPY file goes on after its {} rows", header_->rows
        );
      return false;
    }
    for (std::size_t seen = 0; seen < rows_max && row_ < header_->rows; ++seen, ++row_) {
      const auto values = out.next_values();
      MLG_TRY_VOID(read_row(values));
      std::string why;
      for (std::size_t i = 0; i < values.size() && why.empty(); ++i)
        if (!std::isfinite(values[i]))
          why = fmt::format("value {} is not a finite 32-bit number", i);
      if (!why.empty()) {
        on_bad_row(row_, std::move(why));
        continue;
      }
      id_ = id_prefix_;
      fmt::format_to(std::back_inserter(id_), "{}", row_);
      out.keep(id_, {}, row_);
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override {
    if (!header_) return std::nullopt;
    return header_->rows;
  }
  std::uint64_t bytes_read() const override { return reader_.consumed(); }

 private:
  Result<NpyHeader> read_header() {
    unsigned char head[12] = {};
    MLG_TRY(n, reader_.fill({reinterpret_cast<char*>(head), 10}));
    if (n < 10 || std::memcmp(head, "\x93NUMPY", 6) != 0)
      return fail(ErrorCode::kBadRequest, "the body is no NPY file");
    std::size_t size = head[8] | std::size_t{head[9]} << 8;
    if (head[6] < 1 || head[6] > 3)
      return fail(ErrorCode::kBadRequest, "NPY version {} is not known", head[6]);
    if (head[6] >= 2) {
      MLG_TRY(more, reader_.fill({reinterpret_cast<char*>(head) + 10, 2}));
      if (more < 2) return fail(ErrorCode::kBadRequest, "the NPY file ends in its header");
      size |= std::size_t{head[10]} << 16 | std::size_t{head[11]} << 24;
    }
    if (size > kHeaderMax)
      return fail(
          ErrorCode::kBadRequest,
          "the NPY header claims {} bytes, the limit is {}",
          size,
          kHeaderMax
      );
    std::string text(size, '\0');
    MLG_TRY(got, reader_.fill(text));
    if (got < size) return fail(ErrorCode::kBadRequest, "the NPY file ends in its header");
    MLG_TRY(header, parse_npy_header(text));
    if (header.dim != dimension_)
      return fail(
          ErrorCode::kInvalidVector,
          "the NPY file has rows of {} values, the index has dimension {}",
          header.dim,
          dimension_
      );
    MLG_TRY_VOID(check_length(header));
    return header;
  }

  // A header that lies is found out by the body's length, where that is known.
  Result<void> check_length(const NpyHeader& header) const {
    const auto length = bytes_.length();
    if (!length) return {};
    const auto row_bytes = static_cast<unsigned __int128>(header.dim) * header.element->bytes;
    const auto wanted = reader_.consumed() + row_bytes * header.rows;
    if (wanted != *length)
      return fail(
          ErrorCode::kBadRequest,
          "the NPY header promises {} rows of {} values, the body has {} bytes",
          header.rows,
          header.dim,
          *length
      );
    return {};
  }

  Result<void> read_row(std::span<float> values) {
    MLG_TRY(n, reader_.fill(row_bytes_));
    if (n < row_bytes_.size())
      return fail(ErrorCode::kBadRequest, "the NPY file ends in row {} of {}", row_, header_->rows);
    header_->element->narrow(row_bytes_.data(), values);
    return {};
  }

  ByteSource& bytes_;
  ByteReader reader_;
  const std::uint32_t dimension_;
  const std::string id_prefix_;
  std::optional<NpyHeader> header_;
  std::vector<char> row_bytes_;
  std::string id_;
  std::uint64_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_npy_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
) {
  return std::make_unique<NpySource>(bytes, dimension, std::move(id_prefix));
}

}  // namespace mlgraph::work
