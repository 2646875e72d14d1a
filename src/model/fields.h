#pragma once
// Reads members back out of JSON that we wrote: a missing or mistyped one is corruption.
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::model {

class Fields {
 public:
  explicit Fields(const base::Json& object) : object_(object) {}

  [[nodiscard]] std::string text(std::string_view key) {
    const auto* value = find(key);
    const auto* found = value ? value->as_string() : nullptr;
    return found ? *found : (miss(key), std::string());
  }
  template <typename Number = std::uint64_t>
  [[nodiscard]] Number natural(std::string_view key) {
    const auto* value = find(key);
    const auto found = value ? value->as_uint() : std::nullopt;
    return found ? static_cast<Number>(*found) : (miss(key), Number{});
  }
  [[nodiscard]] double number(std::string_view key) {
    const auto* value = find(key);
    const auto found = value ? value->as_double() : std::nullopt;
    return found ? *found : (miss(key), 0.0);
  }
  /// null and absent alike.
  [[nodiscard]] std::optional<double> maybe_number(std::string_view key) const {
    const auto* value = object_.find(key);
    return value ? value->as_double() : std::nullopt;
  }
  [[nodiscard]] std::string maybe_text(std::string_view key) const {
    const auto* value = object_.find(key);
    const auto* found = value ? value->as_string() : nullptr;
    return found ? *found : std::string();
  }
  [[nodiscard]] base::Timestamp time(std::string_view key) {
    const auto at = base::parse_timestamp(text(key));
    return at ? *at : (miss(key), base::Timestamp{});
  }
  [[nodiscard]] std::optional<base::Timestamp> maybe_time(std::string_view key) const {
    return base::parse_timestamp(maybe_text(key));
  }
  template <typename Parse>
  [[nodiscard]] auto name(std::string_view key, Parse parse) {
    const auto found = parse(text(key));
    return found ? *found : (miss(key), typename decltype(parse(""))::value_type{});
  }
  [[nodiscard]] const base::Json& child(std::string_view key) {
    static const base::Json kNull;
    const auto* value = find(key);
    return value ? *value : kNull;
  }
  [[nodiscard]] base::Result<void> check(std::string_view what) const {
    if (missing_.empty()) return {};
    return base::fail(base::ErrorCode::kCorrupt, "stored {} lacks a valid '{}'", what, missing_);
  }

 private:
  const base::Json* find(std::string_view key) {
    const auto* value = object_.find(key);
    if (!value) miss(key);
    return value;
  }
  void miss(std::string_view key) {
    if (missing_.empty()) missing_ = key;
  }
  const base::Json& object_;
  std::string missing_;
};

}  // namespace mlgraph::model
