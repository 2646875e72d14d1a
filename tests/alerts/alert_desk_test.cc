// Values over time against the events they cause: levels, durations, one alertId, no chatter.
#include "alerts/alert_desk.h"

#include <random>

#include <gmock/gmock.h>

#include "alerts/desk_fixture.h"
#include "store/seed.h"

namespace mlgraph::alerts {
namespace {

using base::ErrorCode;
using model::EventKind;
using model::Severity;
using testing::AlertDeskTest;
using testing::code_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(AlertDeskTest, TheMemoryAlertReadsAsThePagePrintsIt) {
  memory(0.85, 5);
  EXPECT_THAT(events(), IsEmpty());  // a breach must last
  memory(0.85);
  const auto entry = recorder_.of().back();
  EXPECT_EQ(entry->kind, EventKind::kAlertWarning);
  const auto alert = only_event();
  EXPECT_THAT(alert.alert_id, ::testing::MatchesRegex("alert-[0-9a-z]{10}"));
  EXPECT_EQ(entry->entity, alert.alert_id);
  EXPECT_EQ(
      std::string(model::data_of(*entry)),
      fmt::format(
          R"({{"alertId":"{}","severity":"warning","title":"High memory usage",)"
          R"("message":"Node n1 memory at 85%","metadata":{{"node":"n1","value":0.85,"threshold":0.8}},)"
          R"("rule":"memory","since":"{}","state":"open"}})",
          alert.alert_id,
          base::format_timestamp(clock_.wall_now())
      )
  );
}

TEST_F(AlertDeskTest, AnAlertStaysUntilTheClearLevelAndChangedValuesSayNothing) {
  memory(0.85, 6);
  const auto raised = only_event();
  for (const double value : {0.81, 0.89, 0.79, 0.75, 0.82}) memory(value, 3);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.74);
  const auto resolved = only_event();
  EXPECT_EQ(resolved.alert_id, raised.alert_id);
  EXPECT_EQ(resolved.severity, Severity::kResolved);
  EXPECT_FALSE(resolved.open);
  EXPECT_EQ(resolved.since, raised.since);
  EXPECT_EQ(resolved.metadata.find("value")->as_double(), 0.74);
  EXPECT_EQ(resolved.metadata.find("threshold")->as_double(), 0.8);
  EXPECT_THAT(desk_->open_alerts(), IsEmpty());
  memory(0.85, 6);
  EXPECT_NE(only_event().alert_id, raised.alert_id);
}

TEST_F(AlertDeskTest, SeverityRisesAndEasesUnderOneId) {
  memory(0.85, 6);
  const auto warning = only_event();
  memory(0.95, 5);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.95);
  const auto error = only_event();
  EXPECT_EQ(error.alert_id, warning.alert_id);
  EXPECT_EQ(error.severity, Severity::kError);
  EXPECT_EQ(error.metadata.find("threshold")->as_double(), 0.9);
  memory(0.85);
  const auto eased = only_event();
  EXPECT_EQ(eased.alert_id, warning.alert_id);
  EXPECT_EQ(eased.severity, Severity::kWarning);
  EXPECT_EQ(eased.since, warning.since);
}

TEST_F(AlertDeskTest, ASpikeShorterThanTheDurationSaysNothing) {
  for (int i = 0; i < 10; ++i) {
    memory(0.99, 5);
    memory(0.5, 1);
  }
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(AlertDeskTest, SwingingBetweenWarnAndErrorIsAllTheWhileBeyondWarn) {
  for (int i = 0; i < 5; ++i) {
    memory(0.85);
    memory(0.95);
  }
  const auto alert = only_event();
  EXPECT_EQ(alert.severity, Severity::kWarning);
  for (int i = 0; i < 20; ++i) {
    memory(0.85);
    memory(0.95);
  }
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(AlertDeskTest, AnOpenAlertIsTakenUpAfterARestart) {
  memory(0.85, 6);
  const auto raised = only_event();
  restart();
  memory(0.78, 3);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.95, 6);
  const auto error = only_event();
  EXPECT_EQ(error.alert_id, raised.alert_id);
  EXPECT_EQ(error.severity, Severity::kError);
  restart();
  memory(0.5);
  EXPECT_EQ(only_event().alert_id, raised.alert_id);
  EXPECT_THAT(desk_->open_alerts(), IsEmpty());
}

TEST_F(AlertDeskTest, SearchAlertsNameTheirIndex) {
  searching("a", 900, 16);
  const auto slow = only_event();
  EXPECT_EQ(slow.index, "a");
  EXPECT_EQ(slow.message, "Index a search p99 at 900 ms");
  EXPECT_EQ(recorder_.of(slow.alert_id).back()->index, "a");
  searching("a", 900, 11, 0.3);
  const auto failing = only_event();
  EXPECT_EQ(failing.severity, Severity::kError);
  EXPECT_EQ(failing.message, "Index a search errors at 30%");
  gauges_.search.clear();  // nobody searches any more
  pass(1);
  const auto resolved = events();
  ASSERT_EQ(resolved.size(), 2u);
  for (const auto& alert : resolved) EXPECT_EQ(alert.severity, Severity::kResolved);
  // Nothing was measured, so nothing is claimed.
  EXPECT_THAT(
      (std::vector{resolved[0].message, resolved[1].message}),
      ::testing::UnorderedElementsAre(slow.message, failing.message)
  );
}

TEST_F(AlertDeskTest, FailedJobsWarnUntilAGoodOne) {
  const auto job_event = [&](const char* id, EventKind kind, const std::string& code) {
    auto job = testing::a_job(id, "a");
    job.state = code.empty() ? model::JobState::kCompleted : model::JobState::kFailed;
    job.error_code = code;
    log(testing::job_event(kind, job));
    pass(1);
  };
  job_event("j1", EventKind::kJobFailed, "cancelled");
  EXPECT_THAT(events(), IsEmpty());
  job_event("j2", EventKind::kJobFailed, "bad_request");
  const auto raised = only_event();
  EXPECT_EQ(raised.severity, Severity::kWarning);
  EXPECT_EQ(raised.index, "a");
  EXPECT_EQ(raised.message, "Index a has 1 failed job");
  job_event("j3", EventKind::kJobFailed, "no_space");
  EXPECT_THAT(events(), IsEmpty());
  restart();
  pass(3);
  EXPECT_THAT(events(), IsEmpty());
  job_event("j4", EventKind::kJobCompleted, "");
  EXPECT_EQ(only_event().alert_id, raised.alert_id);
}

TEST_F(AlertDeskTest, ADeletedIndexIsHeardOfNoMore) {
  searching("a", 900, 16);
  static_cast<void>(events());
  ASSERT_TRUE(desk_->resolve_index("a"));
  EXPECT_EQ(only_event().severity, Severity::kResolved);
  pass(30);  // it is slow still, but on its way out
  EXPECT_THAT(events(), IsEmpty());
  desk_->reopen_index("a");  // the deletion failed
  pass(16);
  EXPECT_EQ(only_event().severity, Severity::kWarning);
  ASSERT_TRUE(desk_->resolve_index("a"));
  log(testing::index_event(EventKind::kIndexDeleted, testing::an_index("a")));
  gauges_.search.clear();
  pass(1);
  EXPECT_EQ(only_event().severity, Severity::kResolved);
  log(testing::created("a"));
  searching("a", 900, 16);
  EXPECT_EQ(only_event().severity, Severity::kWarning);
}

TEST_F(AlertDeskTest, AcknowledgingSaysSoOnceAndLasts) {
  EXPECT_EQ(code_of(desk_->acknowledge("alert-0")), ErrorCode::kNotFound);
  memory(0.85, 6);
  const auto raised = only_event();
  const auto acknowledged = desk_->acknowledge(raised.alert_id);
  ASSERT_TRUE(acknowledged);
  const auto event = only_event();
  EXPECT_EQ(event.severity, Severity::kWarning);
  EXPECT_TRUE(event.acknowledged_at);
  EXPECT_EQ(event.acknowledged_at, acknowledged->acknowledged_at);
  ASSERT_TRUE(desk_->acknowledge(raised.alert_id));
  EXPECT_THAT(events(), IsEmpty());
  memory(0.95, 6);
  EXPECT_EQ(only_event().acknowledged_at, event.acknowledged_at);
  memory(0.1);
  EXPECT_EQ(only_event().acknowledged_at, event.acknowledged_at);
  EXPECT_EQ(code_of(desk_->acknowledge(raised.alert_id)), ErrorCode::kNotFound);
}

TEST_F(AlertDeskTest, ARateLimitIsMomentary) {
  desk_->rate_limited({"importer", 600, 60, 42, 7});
  const auto alert = only_event();
  EXPECT_EQ(recorder_.of().back()->kind, EventKind::kAlertRateLimit);
  EXPECT_EQ(alert.severity, Severity::kRateLimit);
  EXPECT_FALSE(alert.open);
  std::string metadata;
  base::JsonWriter(metadata).value(alert.metadata);
  EXPECT_EQ(
      metadata,
      R"({"token":"importer","limit":600,"window_seconds":60,"rejected":42,"retry_after_seconds":7})"
  );
  EXPECT_THAT(desk_->open_alerts(), IsEmpty());
}

TEST_F(AlertDeskTest, WhatAFullDiskKeptOutIsTriedAgain) {
  memory(0.85, 5);
  log_.fail_appends(3);
  memory(0.85, 3);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.85, 2);
  const auto raised = only_event();
  EXPECT_EQ(raised.severity, Severity::kWarning);
  log_.fail_appends(1);
  memory(0.95, 6);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.95);
  EXPECT_EQ(only_event().alert_id, raised.alert_id);
  log_.fail_appends(2);
  memory(0.5, 2);
  EXPECT_EQ(desk_->open_alerts().size(), 1u);
  memory(0.5);
  EXPECT_EQ(only_event().alert_id, raised.alert_id);
  memory(0.85, 6);
  ASSERT_EQ(events().size(), 1u);
  ASSERT_TRUE(put("memory", R"({"enabled":false})"));
  log_.fail_appends(1);
  pass(1);
  EXPECT_EQ(desk_->open_alerts().size(), 1u);
  pass(1);
  EXPECT_EQ(only_event().severity, Severity::kResolved);
  EXPECT_THAT(desk_->open_alerts(), IsEmpty());
}

/// The rules of the road, written down a second time: a list of values and what it must cause.
std::vector<std::string> expected_events(const std::vector<double>& values, const Rule& rule) {
  std::vector<std::string> events;
  std::string level = "resolved";
  const auto lasted = [&](std::size_t at, double bound) {
    if (at < rule.for_seconds) return false;
    for (std::size_t i = at - rule.for_seconds; i <= at; ++i)
      if (values[i] < bound) return false;
    return true;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::string next = level;
    if (level != "resolved" && values[i] < rule.clear)
      next = "resolved";
    else if (level == "error" && values[i] < *rule.error)
      next = "warning";
    else if (level != "error" && lasted(i, *rule.error))
      next = "error";
    else if (level == "resolved" && lasted(i, *rule.warn))
      next = "warning";
    if (next != level) events.push_back(fmt::format("{}:{}", i, next));
    level = next;
  }
  return events;
}

TEST_F(AlertDeskTest, RandomValuesCauseWhatTheRulesSay) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  const auto rule = put("memory", R"({"for_seconds":3})");
  ASSERT_TRUE(rule);
  std::vector<double> values;
  std::vector<std::string> actual;
  std::string open_id;
  double value = 0.7;
  for (int i = 0; i < 3'000; ++i) {
    value += (static_cast<double>(random() % 121) - 60) / 1'000;
    value = std::round(std::clamp(value, 0.68, 0.98) * 1'000) / 1'000;
    values.push_back(value);
    memory(value);
    const auto now = events();
    ASSERT_LE(now.size(), 1u);
    for (const auto& alert : now) {
      actual.push_back(fmt::format("{}:{}", i, model::name_of(alert.severity)));
      ASSERT_TRUE(open_id.empty() || alert.alert_id == open_id);
      open_id = alert.open ? alert.alert_id : "";
    }
    ASSERT_EQ(desk_->open_alerts().size(), open_id.empty() ? 0u : 1u);
  }
  EXPECT_EQ(actual, expected_events(values, *rule));
  EXPECT_GT(actual.size(), 20u);
}

}  // namespace
}  // namespace mlgraph::alerts
