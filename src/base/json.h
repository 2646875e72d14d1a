#pragma once
// JSON for small messages: a strict reader into a plain tree, and an append-only writer.
// Bulk bodies (vectors) are read by simdjson directly where they are parsed.
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace mlgraph::base {

/// A JSON value. Threads: immutable once parsed.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  ///< in document order; of equal keys
                                                             ///< the last stands

  Json() = default;
  template <typename T>
  requires(!std::same_as<std::decay_t<T>, Json>) explicit Json(T&& value)
      : value_(std::forward<T>(value)) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* as_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* as_object() const { return std::get_if<Object>(&value_); }
  [[nodiscard]] bool is_number() const;
  [[nodiscard]] std::optional<double> as_double() const;       ///< any number
  [[nodiscard]] std::optional<std::int64_t> as_int() const;    ///< integers that fit
  [[nodiscard]] std::optional<std::uint64_t> as_uint() const;  ///< integers >= 0

  /// The member `key` of an object, or nullptr (also when this is no object).
  [[nodiscard]] const Json* find(std::string_view key) const;
  [[nodiscard]] const char* type_name(
  ) const;  ///< "null", "boolean", "integer", "number", "string", "array", "object"

 private:
  std::
      variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>
          value_;
};

struct JsonLimits {
  std::size_t depth_max = 32;        ///< nesting of arrays and objects
  std::size_t members_max = 65'536;  ///< values in all: bounds the tree's memory
  bool unique_keys = false;          ///< a key that an object has twice is refused
};

/// Parses one whole JSON document: UTF-8 without BOM, nothing after it.
/// errors  kBadJson naming the byte offset where it can be told.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Appends JSON to a string: no tree, no allocation beyond the string itself.
///   JsonWriter w(out); w.object([&]{ w.member("k", 1); w.key("list"); w.array([&]{ w.value("a");
///   }); });
/// Not-a-number and infinities are written as null.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  template <typename Body>
  void object(Body&& body) {
    open('{');
    body();
    close('}');
  }
  template <typename Body>
  void array(Body&& body) {
    open('[');
    body();
    close(']');
  }
  void key(std::string_view name);
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(double number);
  void value(float number);
  template <std::integral T>
  requires(!std::same_as<T, bool>) void value(T number) {
    if constexpr (std::signed_integral<T>)
      integer(static_cast<std::int64_t>(number));
    else
      natural(static_cast<std::uint64_t>(number));
  }
  void value(const Json& tree);
  template <typename T>
  void value(const std::optional<T>& maybe) {
    if (maybe)
      value(*maybe);
    else
      null();
  }
  void null();
  /// Already valid JSON, e.g. stored metadata.
  void raw(std::string_view json);
  template <typename T>
  void member(std::string_view name, const T& v) {
    key(name);
    value(v);
  }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void integer(std::int64_t number);
  void natural(std::uint64_t number);

  std::string& out_;
  bool first_ = true;
};

/// Appends `text` as a JSON string with its quotes, everything below 0x20 escaped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace mlgraph::base
