#include "alerts/alert_desk.h"

#include <algorithm>
#include <cmath>

#include "alerts/wording.h"
#include "base/log.h"
#include "base/random.h"
#include "model/job.h"
#include "model/names.h"

namespace mlgraph::alerts {

using base::ErrorCode;
using base::fail;
using base::Json;
using base::Result;

namespace {

constexpr const char* kPrefix = "alert-rules/";
constexpr std::size_t kRulesMax = 200;
/// In an alert's metadata: the node is readonly because of it. Also how that outlives a restart.
constexpr const char* kReadonly = "readonly";

model::EventKind kind_of(model::Severity severity) {
  switch (severity) {
    case model::Severity::kWarning:
      return model::EventKind::kAlertWarning;
    case model::Severity::kError:
      return model::EventKind::kAlertError;
    case model::Severity::kResolved:
      return model::EventKind::kAlertResolved;
    case model::Severity::kRateLimit:
      return model::EventKind::kAlertRateLimit;
  }
  return model::EventKind::kAlertWarning;
}

model::Draft draft_of(const model::Alert& alert) {
  std::string text;
  base::JsonWriter out(text);
  model::write(out, alert);
  return {kind_of(alert.severity), alert.alert_id, alert.index, std::move(text), {}};
}

model::Alert resolved(model::Alert alert) {
  alert.severity = model::Severity::kResolved;
  alert.open = false;
  return alert;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

/// Fills in what a rule found, keeping what must not change once it is open.
model::Alert make_alert(
    const Rule& rule,
    const std::string& node,
    const std::string& index,
    double value,
    bool error,
    bool guards,
    const std::string& alert_id
) {
  model::Alert alert;
  alert.alert_id = alert_id;
  alert.severity = error ? model::Severity::kError : model::Severity::kWarning;
  alert.title = title_of(rule);
  alert.message = message_of(rule, node, index, value);
  const double threshold = error ? rule.error.value_or(0) : rule.warn.value_or(0);
  Json::Object metadata{
      {"node", Json(node)}, {"value", Json(rounded(value))}, {"threshold", Json(threshold)}};
  if (guards) metadata.emplace_back(kReadonly, Json(true));
  alert.metadata = Json(std::move(metadata));
  alert.rule = rule.rule;
  alert.index = index;
  return alert;
}

}  // namespace

AlertDesk::AlertDesk(
    store::Committer& committer, store::Log& config, const base::Clock& clock, Options options
)
    : committer_(committer), config_(config), clock_(clock), options_(std::move(options)) {
  committer_.add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
    on_entries(entries);
  });
}

Result<void> AlertDesk::start() {
  base::MutexLock lock(mutex_);
  for (const auto& rule : default_rules()) rules_[rule.rule] = rule;
  MLG_TRY(stored, config_.config_list(kPrefix));
  for (const auto& [key, value] : stored) {
    const std::string name = key.substr(std::string_view(kPrefix).size());
    MLG_TRY(rule, from_stored(name, value.value));
    rules_[name] = rule;
    revisions_[name] = value.revision;
  }
  const auto state = committer_.state();
  for (const auto& [id, alert] : state->alerts()) {
    auto& watch = watches_[{alert->rule, alert->index}];
    watch.alert_id = id;
    watch.level = alert->severity == model::Severity::kError ? Level::kError : Level::kWarning;
    if (const auto rule = rules_.find(alert->rule); rule != rules_.end() && is_guard(rule->second))
      watch.guards = watch.level == Level::kError || alert->metadata.find(kReadonly);
    // Another version of this server had the rule: nobody would ever look again.
    if (const auto rule = rules_.find(alert->rule); rule == rules_.end()) {
      Rule gone;
      gone.rule = alert->rule;
      resolve_unmeasured(gone, watch);
    }
    if (alert->rule == "job_failed" && !alert->index.empty()) failed_jobs_[alert->index] = 1;
  }
  return {};
}

void AlertDesk::on_entries(std::span<const std::shared_ptr<const model::Entry>> entries) {
  for (const auto& entry : entries) {
    if (entry->kind == model::EventKind::kIndexDeleted) {
      base::MutexLock lock(mutex_);
      failed_jobs_.erase(entry->entity);
      closing_.erase(entry->entity);
    }
    if (entry->index.empty()) continue;
    if (entry->kind == model::EventKind::kJobCompleted) {
      base::MutexLock lock(mutex_);
      failed_jobs_.erase(entry->index);
    } else if (entry->kind == model::EventKind::kJobFailed) {
      const auto data = base::parse_json(model::data_of(*entry));
      const auto job =
          data ? model::parse_job(*data) : Result<model::Job>(fail(ErrorCode::kCorrupt, "no job"));
      if (!job || job->error_code == "cancelled" || !committer_.state()->index(entry->index))
        continue;
      base::MutexLock lock(mutex_);
      ++failed_jobs_[entry->index];
    }
  }
}

std::vector<AlertDesk::Reading> AlertDesk::readings(const Rule& rule, const metrics::Gauges& gauges)
    const {
  const auto fraction = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
  const auto& process = gauges.process;
  std::vector<Reading> all;
  switch (rule.metric) {
    case Gauge::kMemoryFraction:
      all.push_back(
          {"",
           fraction(
               static_cast<double>(process.resident_bytes),
               static_cast<double>(process.memory_limit_bytes)
           )}
      );
      break;
    case Gauge::kDiskFraction:
      if (process.disk_total_bytes > 0)
        all.push_back(
            {"",
             1 - fraction(
                     static_cast<double>(process.disk_free_bytes),
                     static_cast<double>(process.disk_total_bytes)
                 )}
        );
      break;
    case Gauge::kSearchP99Ms:
      for (const auto& [name, search] : gauges.search)
        all.push_back({name, search.sample.latency_p99_ms});
      break;
    case Gauge::kSearchErrorFraction:
      for (const auto& [name, search] : gauges.search) all.push_back({name, search.error_fraction});
      break;
    case Gauge::kJobFailed:
      for (const auto& [name, count] : failed_jobs_)
        all.push_back({name, static_cast<double>(count)});
      break;
    case Gauge::kNodeLost:
    case Gauge::kLagSeconds:
      all.push_back({"", 0});
      break;  // one machine: nobody can be lost or lag
  }
  std::erase_if(all, [&](const Reading& reading) MLG_REQUIRES(mutex_) {
    return closing_.contains(reading.object);
  });
  return all;
}

void AlertDesk::evaluate(const metrics::Gauges& gauges) {
  base::MutexLock lock(mutex_);
  const auto now = clock_.steady_now();
  for (const auto& [name, rule] : rules_) {
    const auto seen = rule.enabled ? readings(rule, gauges) : std::vector<Reading>{};
    for (const auto& reading : seen) look(rule, reading, now);
    resolve_unwatched(rule, seen);
  }
}

bool AlertDesk::is_guard(const Rule& rule) const {
  return rule.above && (rule.metric == Gauge::kDiskFraction ||
                        (rule.metric == Gauge::kMemoryFraction && options_.memory_guard));
}

Shortage AlertDesk::shortage() const {
  base::MutexLock lock(mutex_);
  Shortage shortage;
  for (const auto& [key, watch] : watches_) {
    if (!watch.guards) continue;
    const auto rule = rules_.find(key.rule);
    if (rule == rules_.end()) continue;
    shortage.disk |= rule->second.metric == Gauge::kDiskFraction;
    shortage.memory |= rule->second.metric == Gauge::kMemoryFraction;
  }
  return shortage;
}

AlertDesk::Level AlertDesk::level_for(
    const Rule& rule, double value, Watch& watch, base::SteadyTime now
) {
  const auto beyond = [&](double level) { return rule.above ? value >= level : value <= level; };
  const bool beyond_error = rule.error && beyond(*rule.error);
  const bool beyond_warn = beyond_error || (rule.warn && beyond(*rule.warn));
  const auto lasts = [&](std::optional<base::SteadyTime>& since, bool breach) {
    if (!breach)
      since.reset();
    else if (!since)
      since = now;
    return since && now - *since >= std::chrono::seconds(rule.for_seconds);
  };
  // Raising waits for the breach to last, and a value that moves between warn and error is all the
  // while beyond warn; easing does not wait.
  const bool error_lasts = lasts(watch.error_since, beyond_error);
  const bool warning_lasts = lasts(watch.warning_since, beyond_warn);
  if (error_lasts || (beyond_error && watch.level == Level::kError)) return Level::kError;
  if (beyond_warn) {
    if (!rule.warn) return Level::kOk;
    return warning_lasts || watch.level != Level::kOk ? Level::kWarning : Level::kOk;
  }
  if (watch.level == Level::kOk || watch.rule_changed) return Level::kOk;
  const bool back = rule.above ? value < rule.clear : value > rule.clear;
  if (back) return Level::kOk;
  return rule.warn ? Level::kWarning : Level::kError;
}

void AlertDesk::look(const Rule& rule, const Reading& reading, base::SteadyTime now) {
  auto& watch = watches_[{rule.rule, reading.object}];
  take_back_lost(watch);
  const Level level = level_for(rule, reading.value, watch, now);
  const bool guarded = watch.guards;
  if (level == Level::kError)
    watch.guards = is_guard(rule);
  else if (level == Level::kOk || watch.rule_changed)
    watch.guards = false;
  watch.rule_changed = false;
  // That a changed rule no longer guards is told with an alert of the same severity.
  if (level != watch.level || watch.guards != guarded) publish(rule, reading, watch, level);
}

// What a full disk kept out of the log is not published: the next look tries again.
void AlertDesk::take_back_lost(Watch& watch) {
  if (!watch.fate || *watch.fate != Fate::kLost) return;
  watch.fate.reset();
  const auto open = committer_.state()->alert(watch.alert_id);
  watch.level = Level::kOk;
  if (open)
    watch.level = open->severity == model::Severity::kError ? Level::kError : Level::kWarning;
}

void AlertDesk::publish(const Rule& rule, const Reading& reading, Watch& watch, Level level) {
  if (watch.level == Level::kOk) watch.alert_id = "alert-" + base::random_name(10);
  watch.level = level;
  auto alert = make_alert(
      rule,
      options_.node,
      reading.object,
      reading.value,
      level == Level::kError,
      watch.guards,
      watch.alert_id
  );
  submit(rule, watch, [alert, level](store::Decision& decision) mutable -> Result<void> {
    const auto open = decision.state().alert(alert.alert_id);
    if (level == Level::kOk && !open) return {};
    if (level != Level::kOk && !alert.index.empty() && !decision.state().index(alert.index))
      return {};
    alert.since = open ? open->since : decision.now();
    if (open) alert.acknowledged_at = open->acknowledged_at;
    if (level == Level::kOk) {
      // Resolved says what it resolves: the threshold stays that of the alert.
      const auto* threshold = open->metadata.find("threshold");
      alert.metadata = Json(Json::Object{
          {"node", *alert.metadata.find("node")},
          {"value", *alert.metadata.find("value")},
          {"threshold", threshold ? *threshold : Json()}});
      alert = resolved(std::move(alert));
    }
    decision.log(draft_of(alert));
    return {};
  });
}

// Nothing was measured, so the resolved alert repeats what it said while it was open.
void AlertDesk::resolve_unmeasured(const Rule& rule, Watch& watch) {
  watch.level = Level::kOk;
  watch.guards = false;
  submit(rule, watch, [id = watch.alert_id](store::Decision& decision) -> Result<void> {
    if (const auto open = decision.state().alert(id)) decision.log(draft_of(resolved(*open)));
    return {};
  });
}

void AlertDesk::submit(const Rule& rule, Watch& watch, store::Command command) {
  watch.fate = std::make_shared<std::atomic<Fate>>(Fate::kOnItsWay);
  committer_.submit(
      std::move(command),
      [rule = rule.rule, fate = watch.fate](const Result<std::uint64_t>& outcome) {
        *fate = outcome ? Fate::kLogged : Fate::kLost;
        if (!outcome)
          base::log(
              base::LogLevel::kError,
              "an alert was not logged yet",
              "rule",
              rule,
              "reason",
              outcome.error().message
          );
      }
  );
}

// A disabled rule, or an index that is no longer measured, holds no alert open.
void AlertDesk::resolve_unwatched(const Rule& rule, const std::vector<Reading>& seen) {
  for (auto it = watches_.lower_bound({rule.rule, ""});
       it != watches_.end() && it->first.rule == rule.rule;) {
    auto& watch = it->second;
    const bool measured =
        std::any_of(seen.begin(), seen.end(), [&object = it->first.object](const Reading& r) {
          return r.object == object;
        });
    if (measured) {
      ++it;
      continue;
    }
    take_back_lost(watch);
    if (watch.level != Level::kOk) resolve_unmeasured(rule, watch);
    const bool done = !watch.fate || *watch.fate == Fate::kLogged;
    it = done ? watches_.erase(it) : std::next(it);
  }
}

Result<Rule> AlertDesk::put_rule(const std::string& name, const Json& changes) {
  if (!model::is_token(name))
    return fail(
        ErrorCode::kInvalidValue,
        "rule '{}' must match [A-Za-z0-9_-]{{1,64}}",
        model::printable(name)
    );
  base::MutexLock change(change_mutex_);
  Rule rule;
  rule.rule = name;
  std::uint64_t revision = 0;
  {
    base::MutexLock lock(mutex_);
    const auto it = rules_.find(name);
    if (it != rules_.end()) {
      rule = it->second;
      revision = revisions_[name];
    } else if (!changes.find("metric") || !changes.find("clear")) {
      return fail(
          ErrorCode::kNotFound,
          "there is no rule '{}'; to make one, give metric, clear, and warn or error",
          name
      );
    } else if (rules_.size() >= kRulesMax) {
      return fail(ErrorCode::kConflict, "there are {} alert rules, the limit", kRulesMax);
    }
  }
  MLG_TRY(merged, merge_rule(rule, changes));
  MLG_TRY(stored, config_.config_put(kPrefix + name, to_stored(merged), revision));
  base::MutexLock lock(mutex_);
  revisions_[name] = stored;
  rules_[name] = merged;
  // A clear level that is given as it was is kept, and changes nothing.
  rule.clear_given = merged.clear_given;
  if (rule == merged) return merged;
  for (auto& [key, watch] : watches_) {
    if (key.rule != name) continue;
    watch.rule_changed = true;
    if (rule.metric == merged.metric) continue;
    // Under another metric it is another alert.
    watch.warning_since.reset();
    watch.error_since.reset();
    if (watch.level != Level::kOk) resolve_unmeasured(rule, watch);
  }
  return merged;
}

std::vector<Rule> AlertDesk::rules() const {
  base::MutexLock lock(mutex_);
  std::vector<Rule> all;
  for (const auto& [name, rule] : rules_) all.push_back(rule);
  return all;
}

std::vector<model::Alert> AlertDesk::open_alerts() const {
  std::vector<model::Alert> all;
  const auto state = committer_.state();
  for (const auto& [id, alert] : state->alerts()) all.push_back(*alert);
  return all;
}

Result<model::Alert> AlertDesk::acknowledge(const std::string& alert_id) {
  model::Alert acknowledged;
  const auto committed = committer_.commit([&](store::Decision& decision) -> Result<void> {
    const auto open = decision.state().alert(alert_id);
    if (!open)
      return fail(ErrorCode::kNotFound, "there is no open alert '{}'", model::printable(alert_id));
    acknowledged = *open;
    if (acknowledged.acknowledged_at) return {};
    acknowledged.acknowledged_at = decision.now();
    decision.log(draft_of(acknowledged));
    return {};
  });
  if (!committed) return tl::unexpected(committed.error());
  return acknowledged;
}

Result<void> AlertDesk::resolve_index(const std::string& index) {
  {
    base::MutexLock lock(mutex_);
    closing_.insert(index);
    failed_jobs_.erase(index);
    std::erase_if(watches_, [&](const auto& item) { return item.first.object == index; });
  }
  const auto committed = committer_.commit([&](store::Decision& decision) -> Result<void> {
    for (const auto& [id, alert] : decision.state().alerts())
      if (alert->index == index) decision.log(draft_of(resolved(*alert)));
    return {};
  });
  if (!committed) return tl::unexpected(committed.error());
  return {};
}

void AlertDesk::reopen_index(const std::string& index) {
  base::MutexLock lock(mutex_);
  closing_.erase(index);
}

void AlertDesk::rate_limited(const RateLimitReport& report) {
  model::Alert alert;
  alert.alert_id = "alert-" + base::random_name(10);
  alert.severity = model::Severity::kRateLimit;
  alert.title = "Rate limit exceeded";
  alert.message = fmt::format(
      "Token {} had {} requests refused, the limit is {} per {} s",
      report.token,
      report.rejected,
      report.limit,
      report.window_seconds
  );
  alert.metadata = Json(Json::Object{
      {"token", Json(report.token)},
      {"limit", Json(std::uint64_t{report.limit})},
      {"window_seconds", Json(std::uint64_t{report.window_seconds})},
      {"rejected", Json(report.rejected)},
      {"retry_after_seconds", Json(std::uint64_t{report.retry_after_seconds})}});
  alert.rule = "rate_limit";
  alert.open = false;
  committer_.submit(
      [alert](store::Decision& decision) mutable -> Result<void> {
        alert.since = decision.now();
        decision.log(draft_of(alert));
        return {};
      },
      [](const Result<std::uint64_t>&) {}
  );
}

}  // namespace mlgraph::alerts
