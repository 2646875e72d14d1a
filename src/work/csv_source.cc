// CSV as in RFC 4180: id, then values; a header line is optional. A quoted field may hold commas,
// doubled quotes and newlines.
#include <charconv>
#include <cmath>

#include "model/names.h"
#include "work/json_rows.h"
#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kRecordMax = std::size_t{4} << 20;
constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool take_number(std::string_view field, double& number) {
  field = trimmed(field);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc{} && end == field.data() + field.size();
}

/// The beginning of a number: all of its characters, but no number yet.
bool is_cut_number(std::string_view field) {
  double number = 0;
  return field.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
         !take_number(field, number);
}

/// Finds the newline that ends a record: one outside of quotes, which count only at a field's
/// begin. Given the bytes piece by piece, each once.
class RecordEnd {
 public:
  std::size_t operator()(std::string_view fresh) {
    if (state_ == State::kFieldBegin || state_ == State::kPlain) {
      const auto newline = fresh.find('\n');
      if (newline != std::string_view::npos &&
          fresh.substr(0, newline).find('"') == std::string_view::npos)
        return newline;
    }
    for (std::size_t i = 0; i < fresh.size(); ++i)
      if (step(fresh[i])) return i;
    return std::string_view::npos;
  }
  [[nodiscard]] bool in_quotes() const { return state_ == State::kQuoted; }

 private:
  enum class State : std::uint8_t { kFieldBegin, kPlain, kQuoted, kQuoteSeen };

  bool step(char c) {
    if (state_ == State::kQuoted) {
      if (c == '"') state_ = State::kQuoteSeen;
      return false;
    }
    if (c == '\n') return true;
    // A quote opens a field; a doubled one is one of the field.
    if (c == '"' && (state_ == State::kFieldBegin || state_ == State::kQuoteSeen))
      state_ = State::kQuoted;
    else if (c == ',')
      state_ = State::kFieldBegin;
    else if (state_ != State::kFieldBegin || kBlanks.find(c) == std::string_view::npos)
      state_ = State::kPlain;
    return false;
  }

  State state_ = State::kFieldBegin;
};

/// The fields of one record, one after another.
class Fields {
 public:
  explicit Fields(std::string_view record) : rest_(record) {}
  [[nodiscard]] bool at_end() const { return at_end_; }

  /// The next field, quotes taken off; valid until the next call. nullopt: text stands behind a
  /// closing quote.
  std::optional<std::string_view> next() {
    const auto text = rest_.substr(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
    if (!text.starts_with('"')) {
      const auto field = rest_.substr(0, rest_.find(','));
      go_on_behind(field.size());
      return field;
    }
    rest_ = text.substr(1);
    quoted_.clear();
    for (;;) {
      const auto quote = std::min(rest_.find('"'), rest_.size());
      quoted_ += rest_.substr(0, quote);
      rest_.remove_prefix(std::min(quote + 1, rest_.size()));
      if (!rest_.starts_with('"')) break;
      quoted_ += '"';
      rest_.remove_prefix(1);
    }
    const auto behind = rest_.substr(0, rest_.find(','));
    go_on_behind(behind.size());
    if (!trimmed(behind).empty()) return std::nullopt;
    return quoted_;
  }

 private:
  void go_on_behind(std::size_t size) {
    at_end_ = size == rest_.size();
    rest_.remove_prefix(std::min(size + 1, rest_.size()));
  }

  std::string_view rest_;
  std::string quoted_;
  bool at_end_ = false;
};

/// A first line of which no value is a number; one wrong value among numbers makes a bad row.
bool is_header(std::string_view record) {
  Fields fields(record);
  static_cast<void>(fields.next());
  if (fields.at_end()) return false;
  double number = 0;
  while (!fields.at_end())
    if (const auto field = fields.next(); field && take_number(*field, number)) return false;
  return true;
}

class CsvSource final : public RowSource {
 public:
  explicit CsvSource(ByteSource& bytes) : reader_(bytes) {}

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    MLG_TRY_VOID(reader_.skip_byte_order_mark());
    for (std::size_t seen = 0; seen < rows_max; ++seen) {
      if (seen > 0 && !reader_.is_ready(RecordEnd()))
        return true;  // rows apply as they come: a slow body holds none back
      RecordEnd end;
      MLG_TRY(record, reader_.record(kRecordMax, end));
      if (!record) return seen > 0;
      if (end.in_quotes())
        return fail(ErrorCode::kBadRequest, "the body ends inside a quoted field of row {}", row_);
      if (trimmed(*record).empty()) continue;
      bool cut = false;
      const auto read = read_row(*record, out, cut);
      if (!read && row_ == 0 && !header_seen_ && is_header(*record)) {
        header_seen_ = true;
        continue;
      }
      if (!read && cut && !reader_.was_ended()) return cut_short(row_, read.error());
      if (!read) on_bad_row(row_, read.error().message);
      ++row_;
    }
    return true;
  }
  std::optional<std::uint64_t> total() const override { return std::nullopt; }
  std::uint64_t bytes_read() const override { return reader_.consumed(); }

 private:
  /// `cut`: more bytes could have made a row of it.
  Result<void> read_row(std::string_view record, RowBuffer& out, bool& cut) const {
    Fields fields(record);
    const auto id_field = fields.next();
    if (!id_field) return behind_a_quote();
    cut = fields.at_end();
    const std::string id(*id_field);
    if (id.empty() || id.size() > index::kVectorIdMax)
      return fail(
          ErrorCode::kInvalidValue,
          "the id has {} bytes, it must have 1 to {}",
          id.size(),
          index::kVectorIdMax
      );
    if (!is_utf8(id))
      return fail(ErrorCode::kInvalidValue, "the id '{}' is no UTF-8", model::printable(id));
    const auto values = out.next_values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      cut = fields.at_end();
      if (cut)
        return fail(
            ErrorCode::kInvalidVector, "{} values, the index has dimension {}", i, values.size()
        );
      const auto field = fields.next();
      if (!field) return behind_a_quote();
      double number = 0;
      const bool read = take_number(*field, number);
      values[i] = static_cast<float>(number);
      if (!read || !std::isfinite(values[i])) {
        cut = fields.at_end() && is_cut_number(trimmed(*field));
        return fail(
            ErrorCode::kInvalidVector,
            "value {} '{}' is not a finite 32-bit number",
            i,
            model::printable(*field)
        );
      }
    }
    // A comma behind the last value is no value more.
    if (const auto field = fields.at_end() ? std::string_view() : fields.next();
        !field || !trimmed(*field).empty() || !fields.at_end())
      return fail(
          ErrorCode::kInvalidVector, "more values than the index's dimension {}", values.size()
      );
    out.keep(id, {}, row_);
    return {};
  }

  static tl::unexpected<base::Error> behind_a_quote() {
    return fail(ErrorCode::kInvalidValue, "text stands behind a field's closing quote");
  }

  ByteReader reader_;
  std::uint64_t row_ = 0;
  bool header_seen_ = false;
};

}  // namespace

std::unique_ptr<RowSource> make_csv_source(ByteSource& bytes) {
  return std::make_unique<CsvSource>(bytes);
}

}  // namespace mlgraph::work
