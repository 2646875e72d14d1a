#include "work/json_rows.h"

#include <array>
#include <cmath>

#include <simdjson.h>

#include "base/json.h"
#include "base/json_numbers.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Result;
namespace dom = simdjson::dom;

constexpr std::size_t kMetadataDepth = 32;
constexpr std::array<std::string_view, 1> kNumbersOfRow = {"values[]"};
constexpr std::array<std::string_view, 1> kNumbersOfBody = {"vectors[].values[]"};

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

/// How errors name a row: `vectors[3]` and its members of a request's rows; of a line its members
/// alone, for who reads lines names them. Nothing is formatted until there is an error.
struct Place {
  std::optional<std::uint64_t> in_request;
  [[nodiscard]] std::string row() const {
    return in_request ? fmt::format("vectors[{}]", *in_request) : std::string();
  }
  [[nodiscard]] std::string of(std::string_view member) const {
    return in_request ? fmt::format("vectors[{}].{}", *in_request, member) : std::string(member);
  }
  [[nodiscard]] std::string of_value(std::size_t i) const {
    return of(fmt::format("values[{}]", i));
  }
};

Result<std::string> id_of(const dom::object& object, const Place& place) {
  dom::element id;
  if (object["id"].get(id))
    return fail_at(place.of("id"), ErrorCode::kInvalidValue, "{} is missing", place.of("id"));
  if (id.is_string()) return std::string(std::string_view(id));
  if (id.is_int64()) return std::to_string(std::int64_t(id));
  if (id.is_uint64()) return std::to_string(std::uint64_t(id));
  return fail_at(
      place.of("id"),
      ErrorCode::kInvalidValue,
      "{} must be a text or a whole number of at most 64 bits",
      place.of("id")
  );
}

Result<void> read_values(const dom::object& object, const Place& place, std::span<float> out) {
  dom::array values;
  if (object["values"].get(values))
    return fail_at(
        place.of("values"),
        ErrorCode::kInvalidVector,
        "{} must be an array of {} numbers",
        place.of("values"),
        out.size()
    );
  std::size_t i = 0;
  for (const auto item : values) {
    if (i == out.size()) break;
    double number = 0;
    if (item.get(number))
      return fail_at(
          place.of_value(i), ErrorCode::kInvalidVector, "{} is no number", place.of_value(i)
      );
    out[i] = static_cast<float>(number);
    if (!std::isfinite(out[i]))
      return fail_at(
          place.of_value(i),
          ErrorCode::kInvalidVector,
          "{} is not a finite 32-bit number",
          place.of_value(i)
      );
    ++i;
  }
  if (i != out.size() || values.size() != out.size())
    return fail_at(
        place.of("values"),
        ErrorCode::kInvalidVector,
        "{} has {} numbers, the index has dimension {}",
        place.of("values"),
        values.size(),
        out.size()
    );
  return {};
}

Result<std::string> metadata_of(const dom::object& object, const Place& place) {
  dom::element metadata;
  if (object["metadata"].get(metadata) || metadata.is_null()) return std::string();
  const auto refused = [&](const std::string& why) {
    const std::string member = place.of("metadata");
    return fail_at(member, ErrorCode::kInvalidValue, "{} {}", member, why);
  };
  if (!metadata.is_object()) return refused("must be an object");
  if (depth_of(metadata, 0) > kMetadataDepth)
    return refused(fmt::format("is nested deeper than {} levels", kMetadataDepth));
  std::string text = simdjson::minify(metadata);
  if (text.size() > index::kMetadataMax)
    return refused(fmt::format("has {} bytes, the limit is {}", text.size(), index::kMetadataMax));
  return text;
}

Result<void> read_row(
    const dom::element& element, const Place& place, std::uint64_t row, RowBuffer& out
) {
  dom::object object;
  if (element.get(object))
    return fail_at(
        place.row(),
        ErrorCode::kInvalidValue,
        "{} must be an object {{id, values, metadata}}",
        place.in_request ? place.row() : "it"
    );
  MLG_TRY(id, id_of(object, place));
  if (id.empty() || id.size() > index::kVectorIdMax)
    return fail_at(
        place.of("id"),
        ErrorCode::kInvalidValue,
        "{} has {} bytes, it must have 1 to {}",
        place.of("id"),
        id.size(),
        index::kVectorIdMax
    );
  MLG_TRY_VOID(read_values(object, place, out.next_values()));
  MLG_TRY(metadata, metadata_of(object, place));
  out.keep(id, metadata, row);
  return {};
}

/// A text that does not parse is looked at again: for numbers that only vectors may not have, and
/// for the place of the error, which simdjson does not tell.
Result<dom::element> parse(
    std::string_view text, std::span<const std::string_view> numbers, const Place& place
) {
  dom::element root;
  const auto error = parser().parse(text.data(), text.size()).get(root);
  if (!error) return root;
  if (const auto readable = base::with_readable_numbers(text, numbers))
    if (!parser().parse(*readable).get(root)) return root;
  const auto again = base::parse_json(text, {.depth_max = 64, .members_max = 1 << 24});
  const std::string why = again ? simdjson::error_message(error) : again.error().message;
  return fail(ErrorCode::kBadJson, "{}{}{}", place.row(), place.in_request ? ": " : "", why);
}

Result<void> parse_line(
    std::string_view text, const Place& place, std::uint64_t row, RowBuffer& out
) {
  MLG_TRY(root, parse(text, kNumbersOfRow, place));
  return read_row(root, place, row, out);
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Result<void> parse_json_row(std::string_view text, std::uint64_t row, RowBuffer& out) {
  return parse_line(text, {}, row, out);
}

Result<void> parse_vectors_body(std::string_view body, RowBuffer& out) {
  MLG_TRY(root, parse(body, kNumbersOfBody, {}));
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
    MLG_TRY_VOID(read_row(item, {row}, row, out));
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
    MLG_TRY_VOID(parse_line(line, {row}, row, out));
    ++row;
  }
  if (row == 0) return fail_at("vectors", ErrorCode::kInvalidValue, "the body has no rows");
  return {};
}

}  // namespace mlgraph::work
