// Rules as data: what a PUT may say, what it keeps, and what it does to alerts that are open.
#include <gmock/gmock.h>

#include "alerts/desk_fixture.h"
#include "alerts/rule.h"

namespace mlgraph::alerts {
namespace {

using base::ErrorCode;
using model::Severity;
using testing::AlertDeskTest;
using testing::code_of;
using ::testing::IsEmpty;

Rule memory_rule() {
  for (auto& rule : default_rules())
    if (rule.rule == "memory") return rule;
  return {};
}
base::Result<Rule> merged(const std::string& json) {
  return merge_rule(memory_rule(), base::parse_json(json).value());
}

TEST(Rule, EveryDefaultIsAWholeRuleThatSurvivesItsOwnJson) {
  std::set<Gauge> gauges;
  for (const auto& rule : default_rules()) {
    const auto json = base::parse_json(testing::json_of(rule)).value();
    Rule blank;
    blank.rule = rule.rule;
    const auto again = merge_rule(blank, json);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(testing::json_of(*again), testing::json_of(rule));
    EXPECT_EQ(from_stored(rule.rule, to_stored(rule)).value(), rule);
    EXPECT_EQ(parse_gauge(name_of(rule.metric)), rule.metric);
    gauges.insert(rule.metric);
  }
  EXPECT_EQ(gauges.size(), 7u);
}

TEST(Rule, JsonHasTheMembersOfTheContract) {
  EXPECT_EQ(
      testing::json_of(memory_rule()),
      R"({"rule":"memory","metric":"memory_fraction","comparison":">","warn":0.8,"error":0.9,)"
      R"("clear":0.75,"for_seconds":5,"enabled":true})"
  );
}

TEST(Rule, MembersGivenAreMergedAndTheOthersStay) {
  const auto rule = merged(R"({"error":0.95,"for_seconds":30})");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->warn, 0.80);
  EXPECT_EQ(rule->error, 0.95);
  EXPECT_EQ(rule->for_seconds, 30u);
  EXPECT_EQ(merged(R"({"error":null})")->error, std::nullopt);
  EXPECT_FALSE(merged(R"({"comparison":"lt","warn":5,"error":2,"clear":6})")->above);
}

TEST(Rule, LevelsThatWereNotGivenFollowThoseThatWere) {
  const auto low = merged(R"({"warn":0.1})");
  ASSERT_TRUE(low);
  EXPECT_NEAR(low->clear, 0.1 * 0.75 / 0.80, 1e-12) << "as far below as in the default rule";
  const auto high = merged(R"({"warn":0.97})");
  ASSERT_TRUE(high);
  EXPECT_EQ(high->error, 0.97);
  EXPECT_LT(high->clear, 0.97);
  EXPECT_GT(high->clear, 0.75);
}

/// The memory rule after one PUT behind the other.
Rule after(std::initializer_list<const char*> puts) {
  Rule rule = memory_rule();
  for (const char* json : puts) {
    const auto next = merge_rule(rule, base::parse_json(json).value());
    EXPECT_TRUE(next) << json;
    if (next) rule = *next;
    // What is kept is the same rule again.
    EXPECT_EQ(from_stored("memory", to_stored(rule)).value(), rule) << json;
  }
  return rule;
}

TEST(Rule, ClearComesBackWithWarn) {
  EXPECT_EQ(after({R"({"warn":0.0001})", R"({"warn":0.8,"error":0.9})"}).clear, 0.75);
  EXPECT_EQ(after({R"({"warn":0.97})", R"({"warn":0.8,"error":0.9})"}), memory_rule());
}

TEST(Rule, AClearThatWasGivenStays) {
  EXPECT_EQ(after({R"({"clear":0.6})", R"({"warn":0.7})", R"({"warn":0.85})"}).clear, 0.6);
  EXPECT_EQ(after({R"({"clear":0.6})", R"({"warn":0.5})"}).clear, 0.5) << "not beyond warn";
  EXPECT_EQ(after({R"({"clear":0.6})", R"({"warn":0.5})", R"({"warn":0.8})"}).clear, 0.6);
}

TEST(Rule, ClearFollowsTheOnlyLevelThereIs) {
  EXPECT_GT(after({R"({"warn":null})"}).clear, 0.8) << "error is the first level now";
  // Another measure, another direction: the default's distance says nothing about it.
  EXPECT_EQ(after({R"({"metric":"lag_seconds","warn":40,"error":50})"}).clear, 40);
  EXPECT_EQ(after({R"({"comparison":"<","warn":0.2,"error":0.1})"}).clear, 0.2);
}

TEST(Rule, RefusalsNameTheMember) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"metric":"moon_phase"})", "metric"},
      {R"({"metric":7})", "metric"},
      {R"({"comparison":"=="})", "comparison"},
      {R"({"warn":"high"})", "warn"},
      {R"({"warn":-1})", "warn"},
      {R"({"error":1e300})", "error"},
      {R"({"warn":0.9,"error":0.8})", "error"},
      {R"({"clear":0.85})", "clear"},
      {R"({"clear":null})", "clear"},
      {R"({"warn":null,"error":null})", "warn"},
      {R"({"for_seconds":-1})", "for_seconds"},
      {R"({"for_seconds":1.5})", "for_seconds"},
      {R"({"for_seconds":86401})", "for_seconds"},
      {R"({"enabled":"yes"})", "enabled"},
  };
  for (const auto& [json, member] : bad) {
    const auto rule = merged(json);
    ASSERT_FALSE(rule) << json;
    EXPECT_EQ(rule.error().code, ErrorCode::kInvalidValue) << json;
    EXPECT_EQ(rule.error().member, member) << json;
    EXPECT_THAT(rule.error().message, ::testing::HasSubstr(member)) << json;
  }
  EXPECT_EQ(code_of(merged("[]")), ErrorCode::kBadRequest);
}

TEST_F(AlertDeskTest, ChangedRulesAreKeptAndDefaultsFillTheRest) {
  ASSERT_TRUE(put("memory", R"({"warn":0.5,"for_seconds":0})"));
  ASSERT_TRUE(put("memory", R"({"error":0.6})"));
  ASSERT_TRUE(put("hot", R"({"metric":"memory_fraction","warn":0.99,"clear":0.9})"));
  const auto before = desk_->rules();
  restart();
  EXPECT_EQ(desk_->rules(), before);
  EXPECT_EQ(before.size(), default_rules().size() + 1);
  ASSERT_TRUE(put("memory", R"({"warn":0.4})"));  // the revision was taken up, too
}

TEST_F(AlertDeskTest, ClearFollowsWarnOverARestart) {
  ASSERT_TRUE(put("memory", R"({"warn":0.0001})"));
  ASSERT_TRUE(put("disk", R"({"clear":0.7})"));
  ASSERT_TRUE(put("disk", R"({"warn":0.5})"));
  restart();
  EXPECT_EQ(put("memory", R"({"warn":0.8,"error":0.9})")->clear, 0.75);
  EXPECT_EQ(put("disk", R"({"warn":0.8})")->clear, 0.7);
}

TEST_F(AlertDeskTest, ARuleIsMadeOnlyWhole) {
  EXPECT_EQ(code_of(put("new", R"({"warn":1})")), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(put("a b", R"({"warn":1})")), ErrorCode::kInvalidValue);
  EXPECT_EQ(code_of(put("new", R"({"metric":"lag_seconds","clear":1})")), ErrorCode::kInvalidValue);
  EXPECT_EQ(desk_->rules().size(), default_rules().size());
  EXPECT_TRUE(put("new", R"({"metric":"lag_seconds","clear":1,"warn":2})"));
}

TEST_F(AlertDeskTest, RaisedThresholdsResolveAtOnce) {
  memory(0.85, 6);
  static_cast<void>(events());
  ASSERT_TRUE(put("memory", R"({"warn":0.88})"));  // 0.85 is above clear, but no alarm any more
  pass(1);
  EXPECT_EQ(only_event().severity, Severity::kResolved);
  pass(10);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(AlertDeskTest, LoweredThresholdsRaiseAfterTheDuration) {
  memory(0.85, 6);
  const auto raised = only_event();
  ASSERT_TRUE(put("memory", R"({"error":0.84})"));
  pass(5);
  EXPECT_THAT(events(), IsEmpty());
  pass(1);
  const auto error = only_event();
  EXPECT_EQ(error.alert_id, raised.alert_id);
  EXPECT_EQ(error.severity, Severity::kError);
  ASSERT_TRUE(put("memory", R"({"error":0.9})"));
  pass(1);
  EXPECT_EQ(only_event().severity, Severity::kWarning);
}

TEST_F(AlertDeskTest, ARuleWrittenAgainUnchangedDoesNothing) {
  memory(0.85, 6);
  static_cast<void>(events());
  memory(0.78);
  ASSERT_TRUE(put("memory", testing::json_of(memory_rule())));
  pass(5);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(AlertDeskTest, ADisabledRuleResolvesAndIsSilent) {
  memory(0.85, 6);
  const auto raised = only_event();
  ASSERT_TRUE(put("memory", R"({"enabled":false})"));
  pass(1);
  const auto resolved = only_event();
  EXPECT_EQ(resolved.severity, Severity::kResolved);
  EXPECT_EQ(resolved.alert_id, raised.alert_id);
  EXPECT_EQ(resolved.message, raised.message);
  pass(20);
  EXPECT_THAT(events(), IsEmpty());
  ASSERT_TRUE(put("memory", R"({"enabled":true})"));
  pass(5);
  EXPECT_THAT(events(), IsEmpty());
  pass(1);
  EXPECT_EQ(only_event().severity, Severity::kWarning);
}

TEST_F(AlertDeskTest, UnderAnotherMetricItIsAnotherAlert) {
  memory(0.85, 6);
  const auto raised = only_event();
  gauges_.process.disk_total_bytes = 100;
  gauges_.process.disk_free_bytes = 15;
  ASSERT_TRUE(put("disk", R"({"enabled":false})"));
  ASSERT_TRUE(put("memory", R"({"metric":"disk_fraction"})"));
  pass(6);
  const auto both = events();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].alert_id, raised.alert_id);
  EXPECT_EQ(both[0].severity, Severity::kResolved);
  EXPECT_NE(both[1].alert_id, raised.alert_id);
  EXPECT_EQ(both[1].title, "High disk usage");
}

TEST_F(AlertDeskTest, ARuleMayWatchForLittle) {
  ASSERT_TRUE(put(
      "idle",
      R"({"metric":"memory_fraction","comparison":"<","warn":0.2,"error":0.1,"clear":0.3,"for_seconds":0})"
  ));
  memory(0.5);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.15);
  const auto raised = only_event();
  EXPECT_EQ(raised.severity, Severity::kWarning);
  memory(0.25);
  EXPECT_THAT(events(), IsEmpty());
  memory(0.05);
  EXPECT_EQ(only_event().severity, Severity::kError);
  memory(0.35);
  EXPECT_EQ(only_event().alert_id, raised.alert_id);
}

}  // namespace
}  // namespace mlgraph::alerts
