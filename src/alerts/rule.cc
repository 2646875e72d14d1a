#include "alerts/rule.h"

#include "model/enum_names.h"
#include "model/names.h"

namespace mlgraph::alerts {
namespace {

using base::ErrorCode;
using base::fail_at;
using base::Json;
using base::Result;

constexpr model::EnumNames<Gauge, 7> kGauges{
    {"memory_fraction",
     "disk_fraction",
     "search_p99_ms",
     "search_error_fraction",
     "job_failed",
     "node_lost",
     "lag_seconds"}};
constexpr double kLevelMax = 1e9;
constexpr std::uint32_t kForSecondsMax = 86'400;

Result<double> level(const Json& value, const char* key) {
  const auto number = value.as_double();
  if (!number || *number < 0 || *number > kLevelMax)
    return fail_at(
        key, ErrorCode::kInvalidValue, "{} must be a number from 0 to {}", key, kLevelMax
    );
  return *number;
}

Result<void> merge_level(std::optional<double>& into, const Json& changes, const char* key) {
  const auto* value = changes.find(key);
  if (!value) return {};
  if (value->is_null()) {
    into.reset();
    return {};
  }
  MLG_TRY(number, level(*value, key));
  into = number;
  return {};
}

Result<void> check_levels(const Rule& rule) {
  if (!rule.warn && !rule.error)
    return fail_at("warn", ErrorCode::kInvalidValue, "a rule needs warn or error");
  const auto beyond = [&](double a, double b) { return rule.above ? a >= b : a <= b; };
  if (rule.warn && rule.error && !beyond(*rule.error, *rule.warn))
    return fail_at(
        "error",
        ErrorCode::kInvalidValue,
        "error {} must lie beyond warn {}",
        *rule.error,
        *rule.warn
    );
  const double first = rule.warn ? *rule.warn : *rule.error;
  if (!beyond(first, rule.clear))
    return fail_at(
        "clear",
        ErrorCode::kInvalidValue,
        "clear {} must not lie beyond the first level {}",
        rule.clear,
        first
    );
  return {};
}

}  // namespace

std::string_view name_of(Gauge gauge) { return kGauges[gauge]; }
std::optional<Gauge> parse_gauge(std::string_view name) { return kGauges.parse(name); }

std::vector<Rule> default_rules() {
  return {
      {"disk", Gauge::kDiskFraction, true, 0.80, 0.90, 0.78, 5, true},
      {"job_failed", Gauge::kJobFailed, true, 1, std::nullopt, 1, 0, true},
      {"lag", Gauge::kLagSeconds, true, 30, 120, 10, 10, true},
      {"memory", Gauge::kMemoryFraction, true, 0.80, 0.90, 0.75, 5, true},
      {"node_lost", Gauge::kNodeLost, true, std::nullopt, 1, 1, 0, true},
      {"search_errors", Gauge::kSearchErrorFraction, true, 0.05, 0.25, 0.01, 10, true},
      {"search_latency", Gauge::kSearchP99Ms, true, 500, 2'000, 250, 15, true},
  };
}

void write(base::JsonWriter& out, const Rule& rule) {
  out.object([&] {
    out.member("rule", rule.rule);
    out.member("metric", name_of(rule.metric));
    out.member("comparison", rule.above ? ">" : "<");
    out.member("warn", rule.warn);
    out.member("error", rule.error);
    out.member("clear", rule.clear);
    out.member("for_seconds", rule.for_seconds);
    out.member("enabled", rule.enabled);
  });
}

Result<Rule> merge_rule(Rule rule, const Json& changes) {
  if (!changes.as_object())
    return base::fail(
        ErrorCode::kBadRequest, "the body must be a JSON object, not {}", changes.type_name()
    );
  if (const auto* metric = changes.find("metric")) {
    const auto gauge = metric->as_string() ? parse_gauge(*metric->as_string()) : std::nullopt;
    if (!gauge)
      return fail_at(
          "metric",
          ErrorCode::kInvalidValue,
          "metric must be one of memory_fraction, disk_fraction, search_p99_ms, "
          "search_error_fraction, job_failed, node_lost, lag_seconds"
      );
    rule.metric = *gauge;
  }
  if (const auto* comparison = changes.find("comparison")) {
    const auto* text = comparison->as_string();
    if (!text || (*text != ">" && *text != "<" && *text != "gt" && *text != "lt"))
      return fail_at("comparison", ErrorCode::kInvalidValue, "comparison must be \">\" or \"<\"");
    rule.above = *text == ">" || *text == "gt";
  }
  const bool clear_given = changes.find("clear") != nullptr;
  MLG_TRY_VOID(merge_level(rule.warn, changes, "warn"));
  MLG_TRY_VOID(merge_level(rule.error, changes, "error"));
  if (clear_given) {
    MLG_TRY(clear, level(*changes.find("clear"), "clear"));
    rule.clear = clear;
  }
  if (const auto* seconds = changes.find("for_seconds")) {
    const auto number = seconds->as_uint();
    if (!number || *number > kForSecondsMax)
      return fail_at(
          "for_seconds",
          ErrorCode::kInvalidValue,
          "for_seconds must be a whole number from 0 to {}",
          kForSecondsMax
      );
    rule.for_seconds = static_cast<std::uint32_t>(*number);
  }
  if (const auto* enabled = changes.find("enabled")) {
    if (!enabled->as_bool())
      return fail_at("enabled", ErrorCode::kInvalidValue, "enabled must be true or false");
    rule.enabled = *enabled->as_bool();
  }
  // Levels that were not given follow those that were: who lowers warn below the old clear level
  // means both.
  if (rule.warn && rule.error) {
    const bool wrong = rule.above ? *rule.error < *rule.warn : *rule.error > *rule.warn;
    if (wrong && !changes.find("error")) rule.error = rule.warn;
    if (wrong && !changes.find("warn")) rule.warn = rule.error;
  }
  if (!clear_given && (rule.warn || rule.error)) {
    const double first = rule.warn ? *rule.warn : *rule.error;
    if (rule.above ? rule.clear > first : rule.clear < first) rule.clear = first;
  }
  MLG_TRY_VOID(check_levels(rule));
  return rule;
}

}  // namespace mlgraph::alerts
