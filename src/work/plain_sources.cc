// CSV (id, then values; a header line is optional) and fvecs (i32 dimension, then that many f32,
// row after row).
#include <charconv>
#include <cmath>
#include <cstring>

#include "model/names.h"
#include "work/json_rows.h"
#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kLineMax = std::size_t{4} << 20;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool take_number(std::string_view field, double& number) {
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc{} && end == field.data() + field.size();
}

/// The next field of a line, quotes taken off; a quoted field may hold commas and doubled quotes.
std::string take_field(std::string_view& line) {
  std::string field;
  line = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.starts_with('"')) {
    line.remove_prefix(1);
    while (!line.empty()) {
      const char c = line.front();
      line.remove_prefix(1);
      if (c != '"') {
        field.push_back(c);
      } else if (line.starts_with('"')) {
        field.push_back('"');
        line.remove_prefix(1);
      } else {
        break;
      }
    }
    line.remove_prefix(std::min(line.find(','), line.size()));
  } else {
    const auto end = std::min(line.find(','), line.size());
    field = trimmed(line.substr(0, end));
    line.remove_prefix(end);
  }
  if (!line.empty()) line.remove_prefix(1);
  return field;
}

/// A first line of which no value is a number; one wrong value among numbers makes a bad row.
bool is_header(std::string_view line) {
  take_field(line);
  if (line.empty()) return false;
  double number = 0;
  while (!line.empty())
    if (take_number(take_field(line), number)) return false;
  return true;
}

class CsvSource final : public RowSource {
 public:
  explicit CsvSource(ByteSource& bytes) : reader_(bytes) {}

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    for (std::size_t seen = 0; seen < rows_max; ++seen) {
      if (seen > 0 && !reader_.line_ready())
        return true;  // rows apply as they come: a slow body holds none back
      MLG_TRY(line, reader_.line(kLineMax));
      if (!line) return seen > 0;
      if (trimmed(*line).empty()) continue;
      if (auto read = read_row(*line, out); !read) {
        if (row_ == 0 && !header_seen_ && is_header(*line)) {
          header_seen_ = true;
          continue;
        }
        on_bad_row(row_, read.error().message);
      }
      ++row_;
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override { return std::nullopt; }
  std::uint64_t bytes_read() const override { return reader_.consumed(); }

 private:
  Result<void> read_row(std::string_view line, RowBuffer& out) const {
    const std::string id = take_field(line);
    if (id.empty() || id.size() > index::kVectorIdMax)
      return fail(
          ErrorCode::kInvalidValue,
          "row {}: the id has {} bytes, it must have 1 to {}",
          row_,
          id.size(),
          index::kVectorIdMax
      );
    if (!is_utf8(id))
      return fail(
          ErrorCode::kInvalidValue, "row {}: the id '{}' is no UTF-8", row_, model::printable(id)
      );
    const auto values = out.next_values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (line.empty())
        return fail(
            ErrorCode::kInvalidVector,
            "row {}: {} values, the index has dimension {}",
            row_,
            i,
            values.size()
        );
      const std::string field = take_field(line);
      double number = 0;
      const bool read = take_number(field, number);
      values[i] = static_cast<float>(number);
      if (!read || !std::isfinite(values[i]))
        return fail(
            ErrorCode::kInvalidVector,
            "row {}: value {} '{}' is not a finite 32-bit number",
            row_,
            i,
            model::printable(field)
        );
    }
    if (!trimmed(line).empty())
      return fail(
          ErrorCode::kInvalidVector,
          "row {}: more values than the index's dimension {}",
          row_,
          values.size()
      );
    out.keep(id, {}, row_);
    return {};
  }

  ByteReader reader_;
  std::uint64_t row_ = 0;
  bool header_seen_ = false;
};

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
        on_bad_row(row_, fmt::format("row {}: a value is not finite", row_));
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

std::unique_ptr<RowSource> make_csv_source(ByteSource& bytes) {
  return std::make_unique<CsvSource>(bytes);
}

std::unique_ptr<RowSource> make_fvecs_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
) {
  return std::make_unique<FvecsSource>(bytes, dimension, std::move(id_prefix));
}

}  // namespace mlgraph::work
