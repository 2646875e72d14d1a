#include "index/filter.h"

#include <cmath>

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using base::fail_at;
using base::Json;
using base::Result;

/// Walks the JSON once, counting terms and depth against the limits.
class Parser {
 public:
  Result<Filter> filter(const Json& json, const std::string& place, std::size_t depth) {
    if (!json.as_object())
      return fail_at(
          place, ErrorCode::kInvalidValue, "{} must be an object, not {}", place, json.type_name()
      );
    if (depth > Filter::kDepthMax)
      return fail_at(
          place,
          ErrorCode::kInvalidValue,
          "{} is nested deeper than {} filters",
          place,
          Filter::kDepthMax
      );
    Filter parsed;
    for (const auto& [name, value] : *json.as_object()) {
      auto* clauses = name == "must"       ? &parsed.must
                      : name == "should"   ? &parsed.should
                      : name == "must_not" ? &parsed.must_not
                                           : nullptr;
      const std::string member = fmt::format("{}.{}", place, name);
      if (!clauses)
        return fail_at(
            member,
            ErrorCode::kInvalidValue,
            "{}: a filter has must, should and must_not, nothing else",
            place
        );
      MLG_TRY(list, clauses_of(value, member, depth));
      *clauses = std::move(list);
    }
    return parsed;
  }

 private:
  Result<std::vector<Filter::Clause>> clauses_of(
      const Json& json, const std::string& place, std::size_t depth
  ) {
    if (!json.as_array())
      return fail_at(
          place, ErrorCode::kInvalidValue, "{} must be an array, not {}", place, json.type_name()
      );
    std::vector<Filter::Clause> clauses;
    for (std::size_t i = 0; i < json.as_array()->size(); ++i) {
      const Json& item = (*json.as_array())[i];
      const std::string member = fmt::format("{}[{}]", place, i);
      MLG_TRY_VOID(count(1, member));
      Filter::Clause clause;
      if (item.find("key")) {
        MLG_TRY(parsed, condition(item, member));
        clause.item = std::move(parsed);
      } else {
        MLG_TRY(parsed, filter(item, member, depth + 1));
        clause.item = std::make_unique<Filter>(std::move(parsed));
      }
      clauses.push_back(std::move(clause));
    }
    return clauses;
  }

  Result<Condition> condition(const Json& json, const std::string& place) {
    const auto* key = json.find("key")->as_string();
    if (!key || key->empty() || key->size() > kKeyMax)
      return fail_at(
          place + ".key",
          ErrorCode::kInvalidValue,
          "{}.key must be a text of 1 to {} bytes",
          place,
          kKeyMax
      );
    Condition parsed;
    parsed.key = *key;
    std::size_t tests = 0;
    if (const auto* value = json.find("match")) {
      MLG_TRY(match, scalar(*value, place + ".match"));
      parsed.test = Condition::Match{std::move(match)};
      ++tests;
    }
    if (const auto* value = json.find("any")) {
      MLG_TRY(any, any_of(*value, place + ".any"));
      parsed.test = std::move(any);
      ++tests;
    }
    if (const auto* value = json.find("range")) {
      MLG_TRY(range, range_of(*value, place + ".range"));
      parsed.test = range;
      ++tests;
    }
    if (const auto* value = json.find("exists")) {
      if (!value->as_bool())
        return fail_at(
            place + ".exists", ErrorCode::kInvalidValue, "{}.exists must be true or false", place
        );
      parsed.test = Condition::Exists{*value->as_bool()};
      ++tests;
    }
    if (tests != 1)
      return fail_at(
          place,
          ErrorCode::kInvalidValue,
          "{} needs exactly one of match, any, range, exists; it has {}",
          place,
          tests
      );
    return parsed;
  }

  static Result<Scalar> scalar(const Json& json, const std::string& place) {
    if (auto value = scalar_of(json)) return std::move(*value);
    return fail_at(
        place,
        ErrorCode::kInvalidValue,
        "{} must be a text, number or boolean, not {}",
        place,
        json.type_name()
    );
  }

  Result<Condition::Any> any_of(const Json& json, const std::string& place) {
    if (!json.as_array())
      return fail_at(
          place, ErrorCode::kInvalidValue, "{} must be an array, not {}", place, json.type_name()
      );
    MLG_TRY_VOID(count(json.as_array()->size(), place));
    Condition::Any any;
    for (const auto& item : *json.as_array()) {
      MLG_TRY(value, scalar(item, place));
      any.values.push_back(std::move(value));
    }
    return any;
  }

  static Result<Condition::Range> range_of(const Json& json, const std::string& place) {
    if (!json.as_object())
      return fail_at(
          place, ErrorCode::kInvalidValue, "{} must be an object, not {}", place, json.type_name()
      );
    Condition::Range range;
    for (const auto& [name, value] : *json.as_object()) {
      auto* bound = name == "gt"    ? &range.gt
                    : name == "gte" ? &range.gte
                    : name == "lt"  ? &range.lt
                    : name == "lte" ? &range.lte
                                    : nullptr;
      if (!bound)
        return fail_at(
            place, ErrorCode::kInvalidValue, "{} has gt, gte, lt, lte, nothing else", place
        );
      if (!value.as_double())
        return fail_at(
            fmt::format("{}.{}", place, name),
            ErrorCode::kInvalidValue,
            "{}.{} must be a number, not {}",
            place,
            name,
            value.type_name()
        );
      *bound = value.as_double();
    }
    return range;
  }

  Result<void> count(std::size_t more, const std::string& place) {
    terms_ += more;
    if (terms_ > Filter::kTermsMax)
      return fail_at(
          place, ErrorCode::kInvalidValue, "the filter has more than {} terms", Filter::kTermsMax
      );
    return {};
  }

  static constexpr std::size_t kKeyMax = 256;
  std::size_t terms_ = 0;
};

}  // namespace

std::optional<Scalar> scalar_of(const Json& json) {
  if (const auto* flag = json.as_bool()) return Scalar(*flag);
  if (const auto* text = json.as_string()) return Scalar(*text);
  if (const auto whole = json.as_int()) return Scalar(*whole);
  if (const auto big = json.as_uint()) return Scalar(*big);
  const auto number = json.as_double();
  if (!number) return std::nullopt;
  constexpr double kTwo63 = 9'223'372'036'854'775'808.0;
  if (std::trunc(*number) != *number || *number < -kTwo63 || *number >= 2 * kTwo63)
    return Scalar(*number);
  if (*number < kTwo63) return Scalar(static_cast<std::int64_t>(*number));
  return Scalar(static_cast<std::uint64_t>(*number));
}

Result<Filter> parse_filter(const Json& json) { return Parser().filter(json, "filter", 1); }

}  // namespace mlgraph::index
