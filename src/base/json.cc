#include "base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <boost/json/stream_parser.hpp>
#include <simdjson.h>

#include "base/json_places.h"

namespace mlgraph::base {
namespace {

constexpr std::int64_t kInt64Max = INT64_MAX;
constexpr std::size_t kKeyShown = 64;  // bytes of a key in an error

struct Converter {
  std::string_view text;
  const JsonLimits& limits;
  std::size_t values = 0;

  Result<Json> convert(const simdjson::dom::element& element, std::size_t depth) {
    if (++values > limits.members_max)
      return fail(
          ErrorCode::kBadJson, "the message has more than {} JSON values", limits.members_max
      );
    switch (element.type()) {
      case simdjson::dom::element_type::ARRAY: {
        if (depth >= limits.depth_max) return too_deep();
        Json::Array items;
        for (const auto item : simdjson::dom::array(element)) {
          MLG_TRY(value, convert(item, depth + 1));
          items.push_back(std::move(value));
        }
        return Json(std::move(items));
      }
      case simdjson::dom::element_type::OBJECT: {
        if (depth >= limits.depth_max) return too_deep();
        Json::Object members;
        for (const auto field : simdjson::dom::object(element)) {
          MLG_TRY(value, convert(field.value, depth + 1));
          members.emplace_back(std::string(field.key), std::move(value));
        }
        if (limits.unique_keys) {
          MLG_TRY_VOID(check_unique(members));
        }
        return Json(std::move(members));
      }
      case simdjson::dom::element_type::INT64:
        return Json(std::int64_t(element));
      case simdjson::dom::element_type::UINT64:
        return Json(std::uint64_t(element));
      case simdjson::dom::element_type::DOUBLE:
        return Json(double(element));
      case simdjson::dom::element_type::STRING:
        return Json(std::string(std::string_view(element)));
      case simdjson::dom::element_type::BOOL:
        return Json(bool(element));
      case simdjson::dom::element_type::NULL_VALUE:
        return Json();
    }
    return fail(ErrorCode::kBadJson, "unknown JSON value");
  }

  [[nodiscard]] tl::unexpected<Error> too_deep() const {
    return fail(
        ErrorCode::kBadJson,
        "JSON nested deeper than {} levels at byte {}",
        limits.depth_max,
        place_of_depth(text, limits.depth_max).value_or(0)
    );
  }

  static Result<void> check_unique(const Json::Object& members) {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const auto& [key, value] : members) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return {};
    std::string named;
    append_json_string(named, twice->substr(0, kKeyShown));
    return fail(ErrorCode::kBadJson, "an object has the key {} twice", named);
  }
};

// simdjson does not say where it stopped; Boost.JSON is asked only once the text is known to be
// bad.
std::string describe(std::string_view text, const char* reason) {
  boost::json::stream_parser parser;
  boost::json::error_code ec;
  const std::size_t used = parser.write_some(text.data(), text.size(), ec);
  if (!ec && used == text.size()) {
    parser.finish(ec);
    if (ec) return fmt::format("JSON ends early at byte {}: {}", used, ec.message());
    if (const auto number = place_of_number(text))
      return fmt::format("invalid JSON at byte {}: the number is out of range", *number);
    return fmt::format("invalid JSON: {}", reason);
  }
  if (!ec) return fmt::format("invalid JSON at byte {}: data after the document", used);
  return fmt::format("invalid JSON at byte {}: {}", used, ec.message());
}

}  // namespace

bool Json::is_number() const {
  return std::holds_alternative<std::int64_t>(value_) ||
         std::holds_alternative<std::uint64_t>(value_) || std::holds_alternative<double>(value_);
}

std::optional<double> Json::as_double() const {
  if (const auto* i = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*u);
  if (const auto* d = std::get_if<double>(&value_)) return *d;
  return std::nullopt;
}

std::optional<std::int64_t> Json::as_int() const {
  if (const auto* i = std::get_if<std::int64_t>(&value_)) return *i;
  if (const auto* u = std::get_if<std::uint64_t>(&value_);
      u && *u <= static_cast<std::uint64_t>(kInt64Max))
    return static_cast<std::int64_t>(*u);
  return std::nullopt;
}

std::optional<std::uint64_t> Json::as_uint() const {
  if (const auto* i = std::get_if<std::int64_t>(&value_); i && *i >= 0)
    return static_cast<std::uint64_t>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&value_)) return *u;
  return std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const auto* members = as_object();
  if (!members) return nullptr;
  for (auto it = members->rbegin(); it != members->rend(); ++it)
    if (it->first == key) return &it->second;
  return nullptr;
}

const char* Json::type_name() const {
  static constexpr std::array<const char*, 8> kNames = {
      "null", "boolean", "integer", "integer", "number", "string", "array", "object"};
  return kNames.at(value_.index());
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);
  if (error) return fail(ErrorCode::kBadJson, "{}", describe(text, simdjson::error_message(error)));
  return Converter{text, limits}.convert(root, 0);
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) continue;
    out.append(text.substr(clean, i - clean));
    clean = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
    }
  }
  out.append(text.substr(clean));
  out.push_back('"');
}

void JsonWriter::separate() {
  if (!first_) out_.push_back(',');
  first_ = false;
}
void JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  first_ = true;
}
void JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  first_ = false;
}
void JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_.push_back(':');
  first_ = true;
}
void JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
}
void JsonWriter::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
}
void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  // "5.0" and "5" are one JSON number; the short form is what the page shows.
  if (out_.ends_with(".0")) out_.resize(out_.size() - 2);
}
void JsonWriter::value(float number) {
  if (!std::isfinite(number)) return null();
  separate();
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  out_.append(buffer.data(), end);
}
void JsonWriter::integer(std::int64_t number) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", number);
}
void JsonWriter::natural(std::uint64_t number) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", number);
}
void JsonWriter::null() {
  separate();
  out_ += "null";
}
void JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
}
void JsonWriter::value(const Json& tree) {
  if (tree.is_null()) return null();
  if (const auto* flag = tree.as_bool()) return value(*flag);
  if (const auto* text = tree.as_string()) return value(std::string_view(*text));
  if (const auto integer_value = tree.as_int()) return value(*integer_value);
  if (const auto natural_value = tree.as_uint()) return value(*natural_value);
  if (const auto number = tree.as_double()) return value(*number);
  if (const auto* items = tree.as_array())
    return array([&] {
      for (const auto& item : *items) value(item);
    });
  object([&] {
    for (const auto& [name, item] : *tree.as_object()) {
      key(name);
      value(item);
    }
  });
}

}  // namespace mlgraph::base
