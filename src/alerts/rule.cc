#include "alerts/rule.h"

#include <algorithm>

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

double first_level(const Rule& rule) { return rule.warn ? *rule.warn : rule.error.value_or(0); }

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
  const double first = first_level(rule);
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

void write_with(base::JsonWriter& out, const Rule& rule, std::optional<double> clear) {
  out.object([&] {
    out.member("rule", rule.rule);
    out.member("metric", name_of(rule.metric));
    out.member("comparison", rule.above ? ">" : "<");
    out.member("warn", rule.warn);
    out.member("error", rule.error);
    if (clear) out.member("clear", *clear);
    out.member("for_seconds", rule.for_seconds);
    out.member("enabled", rule.enabled);
  });
}

/// A clear level for `rule` that keeps the default rule's distance; the first level where no
/// default measures the same.
double following_clear(const Rule& rule) {
  const double first = first_level(rule);
  for (const auto& usual : default_rules()) {
    if (usual.rule != rule.rule || usual.metric != rule.metric || usual.above != rule.above)
      continue;
    const double usual_first = first_level(usual);
    return first == usual_first ? usual.clear : first * usual.clear / usual_first;
  }
  return first;
}

/// The members given, and those that follow them; the levels may be in the wrong order yet.
Result<Rule> merge_members(Rule rule, const Json& changes) {
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
  MLG_TRY_VOID(merge_level(rule.warn, changes, "warn"));
  MLG_TRY_VOID(merge_level(rule.error, changes, "error"));
  if (const auto* clear = changes.find("clear")) {
    MLG_TRY(wanted, level(*clear, "clear"));
    rule.clear_given = wanted;
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
  const double first = first_level(rule);
  const double clear = rule.clear_given ? *rule.clear_given : following_clear(rule);
  rule.clear = rule.above ? std::min(clear, first) : std::max(clear, first);
  return rule;
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

void write(base::JsonWriter& out, const Rule& rule) { write_with(out, rule, rule.clear); }

std::string to_stored(const Rule& rule) {
  std::string text;
  base::JsonWriter out(text);
  write_with(out, rule, rule.clear_given);
  return text;
}

Result<Rule> merge_rule(Rule rule, const Json& changes) {
  MLG_TRY(merged, merge_members(std::move(rule), changes));
  if (changes.find("clear")) merged.clear = *merged.clear_given;  // said now: it must fit
  MLG_TRY_VOID(check_levels(merged));
  return merged;
}

Result<Rule> from_stored(const std::string& name, std::string_view stored) {
  MLG_TRY(members, base::parse_json(stored));
  Rule rule;
  rule.rule = name;
  MLG_TRY(merged, merge_members(std::move(rule), members));
  MLG_TRY_VOID(check_levels(merged));
  return merged;
}

}  // namespace mlgraph::alerts
