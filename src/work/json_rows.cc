#include "work/json_rows.h"

#include <cmath>

#include <simdjson.h>

#include "base/json.h"
#include "model/names.h"
#include "work/row_source.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Result;
namespace dom = simdjson::dom;

constexpr std::size_t kLineMax = std::size_t{4} << 20;
constexpr std::size_t kMetadataDepth = 32;

/// A parser a thread: its buffers are reused body after body.
dom::parser& parser() {
  thread_local dom::parser instance;
  return instance;
}

std::size_t depth_of(const dom::element& element, std::size_t so_far) {
  if (so_far > kMetadataDepth) return so_far;
  std::size_t deepest = so_far;
  if (element.is_array())
    for (const auto item : dom::array(element))
      deepest = std::max(deepest, depth_of(item, so_far + 1));
  if (element.is_object())
    for (const auto field : dom::object(element))
      deepest = std::max(deepest, depth_of(field.value, so_far + 1));
  return deepest;
}

Result<std::string> id_of(const dom::object& object, const std::string& place) {
  dom::element id;
  if (object["id"].get(id))
    return fail_at(place + ".id", ErrorCode::kInvalidValue, "{}.id is missing", place);
  if (id.is_string()) return std::string(std::string_view(id));
  if (id.is_int64()) return std::to_string(std::int64_t(id));
  if (id.is_uint64()) return std::to_string(std::uint64_t(id));
  return fail_at(
      place + ".id", ErrorCode::kInvalidValue, "{}.id must be a text or a whole number", place
  );
}

Result<void> read_values(
    const dom::object& object, const std::string& place, std::span<float> out
) {
  dom::array values;
  if (object["values"].get(values))
    return fail_at(
        place + ".values",
        ErrorCode::kInvalidVector,
        "{}.values must be an array of {} numbers",
        place,
        out.size()
    );
  std::size_t i = 0;
  for (const auto item : values) {
    if (i == out.size()) break;
    double number = 0;
    if (item.get(number))
      return fail_at(
          fmt::format("{}.values[{}]", place, i),
          ErrorCode::kInvalidVector,
          "{}.values[{}] is no number",
          place,
          i
      );
    out[i] = static_cast<float>(number);
    if (!std::isfinite(out[i]))
      return fail_at(
          fmt::format("{}.values[{}]", place, i),
          ErrorCode::kInvalidVector,
          "{}.values[{}] is not a finite 32-bit number",
          place,
          i
      );
    ++i;
  }
  if (i != out.size() || values.size() != out.size())
    return fail_at(
        place + ".values",
        ErrorCode::kInvalidVector,
        "{}.values has {} numbers, the index has dimension {}",
        place,
        values.size(),
        out.size()
    );
  return {};
}

Result<std::string> metadata_of(const dom::object& object, const std::string& place) {
  dom::element metadata;
  if (object["metadata"].get(metadata) || metadata.is_null()) return std::string();
  const std::string member = place + ".metadata";
  if (!metadata.is_object())
    return fail_at(member, ErrorCode::kInvalidValue, "{} must be an object", member);
  if (depth_of(metadata, 0) > kMetadataDepth)
    return fail_at(
        member,
        ErrorCode::kInvalidValue,
        "{} is nested deeper than {} levels",
        member,
        kMetadataDepth
    );
  std::string text = simdjson::minify(metadata);
  if (text.size() > index::kMetadataMax)
    return fail_at(
        member,
        ErrorCode::kInvalidValue,
        "{} has {} bytes, the limit is {}",
        member,
        text.size(),
        index::kMetadataMax
    );
  return text;
}

Result<void> read_row(
    const dom::element& element, const std::string& place, std::uint64_t row, RowBuffer& out
) {
  dom::object object;
  if (element.get(object))
    return fail_at(
        place, ErrorCode::kInvalidValue, "{} must be an object {{id, values, metadata}}", place
    );
  MLG_TRY(id, id_of(object, place));
  if (id.empty() || id.size() > index::kVectorIdMax)
    return fail_at(
        place + ".id",
        ErrorCode::kInvalidValue,
        "{}.id has {} bytes, it must have 1 to {}",
        place,
        id.size(),
        index::kVectorIdMax
    );
  MLG_TRY_VOID(read_values(object, place, out.next_values()));
  MLG_TRY(metadata, metadata_of(object, place));
  out.keep(id, metadata, row);
  return {};
}

/// The place of a syntax error, which simdjson does not tell: looked for only once the text is
/// known to be bad.
tl::unexpected<base::Error> bad_json(
    std::string_view text, const std::string& place, simdjson::error_code error
) {
  const auto again = base::parse_json(text, {.depth_max = 64, .members_max = 1 << 24});
  const std::string why = again ? simdjson::error_message(error) : again.error().message;
  return fail(ErrorCode::kBadJson, "{}{}{}", place, place.empty() ? "" : ": ", why);
}

class JsonlSource final : public RowSource {
 public:
  explicit JsonlSource(ByteSource& bytes) : reader_(bytes) {}

  Result<bool> next(RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row) override {
    const std::size_t before = out.rows();
    for (std::size_t seen = 0; seen < rows_max; ++seen) {
      if (seen > 0 && !reader_.line_ready())
        return true;  // rows apply as they come: a slow body holds none back
      MLG_TRY(line, reader_.line(kLineMax));
      if (!line) return seen > 0 || out.rows() > before;
      if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
      const std::uint64_t row = row_++;
      if (auto read = parse_json_row(*line, fmt::format("row {}", row), row, out); !read)
        on_bad_row(row, read.error().message);
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

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Result<void> parse_json_row(
    std::string_view text, const std::string& place, std::uint64_t row, RowBuffer& out
) {
  dom::element element;
  if (const auto error = parser().parse(text.data(), text.size()).get(element))
    return bad_json(text, place, error);
  return read_row(element, place, row, out);
}

Result<void> parse_vectors_body(std::string_view body, RowBuffer& out) {
  dom::element root;
  if (const auto error = parser().parse(body.data(), body.size()).get(root))
    return bad_json(body, "", error);
  dom::array vectors;
  if (!root.is_object() || root["vectors"].get(vectors))
    return fail_at(
        "vectors",
        ErrorCode::kBadRequest,
        "the body must be {{\"vectors\":[{{id, values, metadata}}]}}"
    );
  std::uint64_t row = 0;
  for (const auto item : vectors) {
    if (row >= kRowsPerRequestMax)
      return fail_at(
          "vectors",
          ErrorCode::kTooLarge,
          "vectors has more than {} rows, import a file instead",
          kRowsPerRequestMax
      );
    MLG_TRY_VOID(read_row(item, fmt::format("vectors[{}]", row), row, out));
    ++row;
  }
  if (row == 0) return fail_at("vectors", ErrorCode::kInvalidValue, "vectors is empty");
  return {};
}

Result<void> parse_vectors_ndjson(std::string_view body, RowBuffer& out) {
  std::uint64_t row = 0;
  while (!body.empty()) {
    const auto end = body.find('\n');
    const auto line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (row >= kRowsPerRequestMax)
      return fail_at(
          "vectors",
          ErrorCode::kTooLarge,
          "the body has more than {} rows, import a file instead",
          kRowsPerRequestMax
      );
    MLG_TRY_VOID(parse_json_row(line, fmt::format("vectors[{}]", row), row, out));
    ++row;
  }
  if (row == 0) return fail_at("vectors", ErrorCode::kInvalidValue, "the body has no rows");
  return {};
}

std::unique_ptr<RowSource> make_jsonl_source(ByteSource& bytes) {
  return std::make_unique<JsonlSource>(bytes);
}

}  // namespace mlgraph::work
