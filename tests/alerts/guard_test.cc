// When a node is short of disk or memory, and until when: by the second, over changed rules and
// restarts.
#include <gmock/gmock.h>

#include "alerts/desk_fixture.h"

namespace mlgraph::alerts {
namespace {

using model::Severity;
using testing::AlertDeskTest;
using ::testing::IsEmpty;

/// The disk's rule: warn 0.80, error 0.90, clear 0.78, for 5 s.
class GuardTest : public AlertDeskTest {
 protected:
  void expect_disk(bool is_short) { EXPECT_EQ(desk_->shortage(), (Shortage{is_short, false})); }
  static bool tells_readonly(const model::Alert& alert) {
    const auto* readonly = alert.metadata.find("readonly");
    return readonly && readonly->as_bool() && *readonly->as_bool();
  }
};

TEST_F(GuardTest, ADiskInErrorIsShortUntilItsAlertIsResolved) {
  disk(0.95, 5);
  expect_disk(false);  // a breach must last
  disk(0.95);
  expect_disk(true);
  const auto raised = only_event();
  EXPECT_EQ(raised.severity, Severity::kError);
  EXPECT_TRUE(tells_readonly(raised));
  disk(0.85, 10);
  expect_disk(true);  // it does not come and go with the error level
  const auto eased = only_event();
  EXPECT_EQ(eased.severity, Severity::kWarning);
  EXPECT_TRUE(tells_readonly(eased));
  disk(0.79, 10);
  expect_disk(true);
  disk(0.77);
  expect_disk(false);
  EXPECT_FALSE(tells_readonly(only_event()));
}

TEST_F(GuardTest, AWarningIsNoShortage) {
  disk(0.89, 60);
  expect_disk(false);
  EXPECT_FALSE(tells_readonly(only_event()));
}

TEST_F(GuardTest, AValueThatSwingsAroundTheErrorLevelDoesNotFlap) {
  disk(0.95, 6);
  for (int i = 0; i < 30; ++i) {
    disk(i % 2 == 0 ? 0.80 : 0.95);
    expect_disk(true);
  }
  disk(0.5);
  for (int i = 0; i < 30; ++i) {
    disk(i % 5 == 0 ? 0.5 : 0.95);
    expect_disk(false);
  }
}

TEST_F(GuardTest, ItOutlivesARestartUntilTheDiskIsMeasuredAgain) {
  disk(0.95, 6);
  restart();
  expect_disk(true);
  disk(0.95, 3);
  expect_disk(true);
  disk(0.85);
  restart();
  expect_disk(true);  // eased to a warning, and not resolved
  disk(0.85, 3);
  expect_disk(true);
  disk(0.70);
  expect_disk(false);
  restart();
  expect_disk(false);
}

TEST_F(GuardTest, AChangedRuleIsJudgedAnew) {
  ASSERT_TRUE(put("disk", R"({"warn":0.1,"error":0.2,"clear":0.05,"for_seconds":0})"));
  disk(0.5);
  expect_disk(true);
  // It would be a warning under this rule, and never was in error.
  ASSERT_TRUE(put("disk", R"({"error":0.9})"));
  disk(0.5);
  expect_disk(false);
  const auto alerts = events();
  ASSERT_EQ(alerts.size(), 2U);
  EXPECT_EQ(alerts[1].severity, Severity::kWarning);
  EXPECT_FALSE(tells_readonly(alerts[1]));
  restart();
  expect_disk(false);
}

TEST_F(GuardTest, AWarningThatNoLongerGuardsSaysSo) {
  ASSERT_TRUE(put("disk", R"({"warn":0.1,"error":0.6,"clear":0.05,"for_seconds":0})"));
  disk(0.7);
  disk(0.5);
  expect_disk(true);
  EXPECT_EQ(events().size(), 2U);
  ASSERT_TRUE(put("disk", R"({"error":0.9})"));
  disk(0.5);
  expect_disk(false);
  const auto told = only_event();
  EXPECT_EQ(told.severity, Severity::kWarning);
  EXPECT_FALSE(tells_readonly(told));
  disk(0.5, 5);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(GuardTest, ADisabledRuleGuardsNothing) {
  disk(0.95, 6);
  ASSERT_TRUE(put("disk", R"({"enabled":false})"));
  disk(0.95);
  expect_disk(false);
  ASSERT_TRUE(put("disk", R"({"enabled":true})"));
  disk(0.95, 6);
  expect_disk(true);
  ASSERT_TRUE(put("disk", R"({"metric":"memory_fraction"})"));
  disk(0.95);
  expect_disk(false);
}

TEST_F(GuardTest, ARuleForLittleDiskIsNone) {
  ASSERT_TRUE(
      put("empty",
          R"({"metric":"disk_fraction","comparison":"<","error":0.1,"clear":0.2,"for_seconds":0})")
  );
  disk(0.05);
  expect_disk(false);
  EXPECT_EQ(only_event().severity, Severity::kError);
}

TEST_F(GuardTest, MemoryIsGuardedOnlyWhereItIsAskedFor) {
  memory(0.95, 6);
  EXPECT_EQ(desk_->shortage(), Shortage{});
  EXPECT_FALSE(tells_readonly(only_event()));
  memory_guard_ = true;
  restart();
  EXPECT_EQ(desk_->shortage(), (Shortage{false, true}));
  memory(0.85, 3);
  EXPECT_EQ(desk_->shortage(), (Shortage{false, true}));
  memory(0.70);
  EXPECT_EQ(desk_->shortage(), Shortage{});
  memory(0.85, 10);
  EXPECT_EQ(desk_->shortage(), Shortage{});  // a warning
}

}  // namespace
}  // namespace mlgraph::alerts
