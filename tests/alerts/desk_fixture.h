#pragma once
// An alert desk over a log in memory: values go in by the second, events come out.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "alerts/alert_desk.h"
#include "store/drafts.h"
#include "support/event_recorder.h"
#include "support/manual_clock.h"
#include "support/memory_log.h"

namespace mlgraph::testing {

/// Index "a" exists. Memory is measured against a limit of 1,000 bytes.
class AlertDeskTest : public ::testing::Test {
 protected:
  AlertDeskTest() {
    open();
    log(created("a"));
  }
  ~AlertDeskTest() override { close(); }

  void open() {
    committer_ = std::make_unique<store::Committer>(log_, clock_, store::Committer::Options{});
    recorder_.listen_to(*committer_);
    desk_ = std::make_unique<alerts::AlertDesk>(
        *committer_, log_, clock_, alerts::AlertDesk::Options{"n1", memory_guard_}
    );
    ASSERT_TRUE(desk_->start());
  }
  void close() {
    committer_.reset();
    desk_.reset();
  }
  void restart() {
    close();
    open();
  }
  void log(const model::Draft& draft) {
    ASSERT_TRUE(committer_->commit([&](store::Decision& decision) -> base::Result<void> {
      decision.log(draft);
      return {};
    }));
  }

  /// The gauges stand at `gauges_` for `seconds` ticks, a second apart.
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(std::chrono::seconds(1));
      desk_->evaluate(gauges_);
      flush(*committer_);
    }
  }
  void memory(double fraction, int seconds = 1) {
    gauges_.process.memory_limit_bytes = 1'000;
    gauges_.process.resident_bytes = static_cast<std::uint64_t>(std::lround(fraction * 1'000));
    pass(seconds);
  }
  void disk(double fraction, int seconds = 1) {
    gauges_.process.disk_total_bytes = 1'000;
    gauges_.process.disk_free_bytes =
        1'000 - static_cast<std::uint64_t>(std::lround(fraction * 1'000));
    pass(seconds);
  }
  void searching(const std::string& index, double p99_ms, int seconds, double errors = 0) {
    metrics::SearchSample sample;
    sample.index = index;
    sample.latency_p99_ms = p99_ms;
    gauges_.search[index] = {sample, errors};
    pass(seconds);
  }
  [[nodiscard]] base::Result<alerts::Rule> put(const std::string& rule, const std::string& json) {
    return desk_->put_rule(rule, base::parse_json(json).value());
  }

  /// Alert events since the last call.
  [[nodiscard]] std::vector<model::Alert> events() {
    flush(*committer_);
    std::vector<model::Alert> alerts;
    const auto entries = recorder_.of();
    for (; seen_ < entries.size(); ++seen_)
      if (model::family_of(entries[seen_]->kind) == model::Family::kAlert)
        alerts.push_back(alert_in(*entries[seen_]));
    return alerts;
  }
  [[nodiscard]] model::Alert only_event() {
    const auto alerts = events();
    EXPECT_EQ(alerts.size(), 1u);
    return alerts.empty() ? model::Alert{} : alerts.back();
  }

  ManualClock clock_;
  bool memory_guard_ = false;  ///< as of the next open()
  MemoryLog log_;
  EventRecorder recorder_;
  metrics::Gauges gauges_;
  std::unique_ptr<store::Committer> committer_;
  std::unique_ptr<alerts::AlertDesk> desk_;
  std::size_t seen_ = 0;
};

}  // namespace mlgraph::testing
