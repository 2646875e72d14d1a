// JSON lines: one {id, values, metadata} a line.
#include "work/json_rows.h"
#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::size_t kLineMax = std::size_t{4} << 20;

class JsonlSource final : public RowSource {
 public:
  explicit JsonlSource(ByteSource& bytes) : reader_(bytes) {}

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    MLG_TRY_VOID(reader_.skip_byte_order_mark());
    for (std::size_t seen = 0; seen < rows_max; ++seen) {
      if (seen > 0 && !reader_.line_ready())
        return true;  // rows apply as they come: a slow body holds none back
      MLG_TRY(line, reader_.line(kLineMax));
      if (!line) return seen > 0;
      if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
      const auto read = parse_json_row(*line, row_, out);
      // Whoever ends a line says that it is whole; the last one may lack its end and be whole.
      if (!read && read.error().code == ErrorCode::kBadJson && !reader_.was_ended())
        return cut_short(row_, read.error());
      if (!read) on_bad_row(row_, read.error().message);
      ++row_;
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override { return std::nullopt; }
  std::uint64_t bytes_read() const override { return reader_.consumed(); }

 private:
  ByteReader reader_;
  std::uint64_t row_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> make_jsonl_source(ByteSource& bytes) {
  return std::make_unique<JsonlSource>(bytes);
}

}  // namespace mlgraph::work
