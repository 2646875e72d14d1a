// Ticks by hand under a manual clock: which events go out, what they say, and when they stop.
#include "metrics/sampler.h"

#include <future>

#include <gmock/gmock.h>

#include "metrics/exposition.h"
#include "store/temp_dir.h"
#include "support/manual_clock.h"

namespace mlgraph::metrics {
namespace {

using model::EventKind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SamplerTest : public ::testing::Test {
 protected:
  struct Event {
    EventKind kind;
    std::string entity;
    std::string index;
    base::Timestamp at;
    std::string data;
  };

  SamplerTest() {
    sampler_ = std::make_unique<Sampler>(
        metrics_,
        clock_,
        Sampler::Options{"n1", dir_.path(), 0},
        [this] { return indices_; },
        [this](
            EventKind kind,
            const std::string& entity,
            const std::string& index,
            base::Timestamp at,
            const std::string& data
        ) {
          events_.push_back({kind, entity, index, at, data});
        }
    );
  }
  /// One second passes and is sampled: its events of `kind`.
  std::vector<Event> tick(EventKind kind) {
    clock_.advance(seconds(1));
    events_.clear();
    sampler_->tick();
    std::vector<Event> wanted;
    for (const auto& event : events_)
      if (event.kind == kind) wanted.push_back(event);
    return wanted;
  }
  /// As the gateway counts an answered search.
  void search(const std::string& index, milliseconds took) {
    const auto counts = metrics_.index(index);
    metrics_.searches.add(clock_.steady_now());
    metrics_.search_latency.record(took);
    counts->searches.add(clock_.steady_now());
    counts->searches_total.fetch_add(1);
    counts->search_latency.record(took);
    counts->vectors_scanned.add(clock_.steady_now(), 1'000);
  }
  void fail_search(const std::string& index) {
    const auto counts = metrics_.index(index);
    counts->search_errors.add(clock_.steady_now());
    counts->errors_total.fetch_add(1);
  }
  static IndexSample holding(const std::string& index, std::uint64_t vectors) {
    IndexSample sample;
    sample.index = index;
    sample.vectors = sample.idmap = vectors;
    sample.shards = 1;
    return sample;
  }

  const testing::TempDir dir_;
  testing::ManualClock clock_;
  ServerMetrics metrics_;
  std::vector<IndexSample> indices_;
  std::vector<Event> events_;
  std::unique_ptr<Sampler> sampler_;
};

TEST_F(SamplerTest, SystemBeforeAnySearchIsZeroInTheOrderOfThePage) {
  metrics_.active_connections = 42;
  const auto events = tick(EventKind::kMetricsSystem);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].entity, "n1");
  EXPECT_EQ(events[0].index, "");
  EXPECT_EQ(events[0].at, clock_.wall_now());
  EXPECT_THAT(
      events[0].data,
      StartsWith(
          R"({"node":"n1","qps":0,"latency_p50_ms":0,"latency_p99_ms":0,"active_connections":42,)"
          R"("memory_used_gb":0.)"
      )
  );
  const auto data = base::parse_json(events[0].data);
  ASSERT_TRUE(data);
  std::vector<std::string> names;
  for (const auto& [name, value] : *data->as_object()) names.push_back(name);
  EXPECT_THAT(
      names,
      ElementsAre(
          "node",
          "qps",
          "latency_p50_ms",
          "latency_p99_ms",
          "active_connections",
          "memory_used_gb",
          "cpu_percent",
          "memory_limit_gb",
          "disk_used_gb",
          "uptime_seconds",
          "events_per_second"
      )
  );
}

TEST(Samples, NumbersHaveThreeDecimals) {
  SystemSample sample;
  sample.node = "n1";
  sample.qps = 1250;
  sample.latency_p50_ms = 2.1;
  sample.latency_p99_ms = 15.2999;
  sample.memory_used_gb = 12.40049;
  std::string text;
  base::JsonWriter out(text);
  write(out, sample);
  EXPECT_THAT(
      text,
      StartsWith(R"({"node":"n1","qps":1250,"latency_p50_ms":2.1,"latency_p99_ms":15.3,)"
                 R"("active_connections":0,"memory_used_gb":12.4,)")
  );
}

TEST_F(SamplerTest, SystemMeasuresSearches) {
  indices_ = {holding("a", 1)};
  for (int i = 0; i < 100; ++i) search("a", milliseconds(i < 98 ? 2 : 300));
  tick(EventKind::kMetricsSystem);
  const auto gauges = sampler_->newest();
  EXPECT_EQ(gauges->system.qps, 100);
  EXPECT_NEAR(gauges->system.latency_p50_ms, 2, 0.06);
  EXPECT_NEAR(gauges->system.latency_p99_ms, 300, 9);
  for (int i = 0; i < 10; ++i) tick(EventKind::kMetricsSystem);
  EXPECT_EQ(sampler_->newest()->system.qps, 0);
  EXPECT_EQ(sampler_->newest()->system.latency_p99_ms, 0);
}

TEST_F(SamplerTest, IndexGoesOutOnlyWhenChanged) {
  indices_ = {holding("a", 0), holding("b", 5)};
  EXPECT_EQ(tick(EventKind::kMetricsIndex).size(), 2u);
  EXPECT_THAT(tick(EventKind::kMetricsIndex), IsEmpty());
  indices_[1] = holding("b", 6);
  const auto changed = tick(EventKind::kMetricsIndex);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].entity, "b");
  EXPECT_EQ(changed[0].index, "b");
  EXPECT_EQ(
      changed[0].data,
      R"({"index":"b","vectors":6,"deleted":0,"bytes":0,"shards":1,)"
      R"("tiers":{"idmap":6,"ivf":0,"ondisk":0,"merged":0},"unindexed":0})"
  );
  indices_.pop_back();
  EXPECT_THAT(tick(EventKind::kMetricsIndex), IsEmpty());
  EXPECT_EQ(sampler_->newest_indices().size(), 1u);
  indices_ = {holding("a", 0), holding("b", 6)};  // made anew under its name
  EXPECT_EQ(tick(EventKind::kMetricsIndex).size(), 1u);
}

TEST_F(SamplerTest, SearchGoesOutWhileActiveAndEndsAtZero) {
  indices_ = {holding("a", 1), holding("b", 1)};
  EXPECT_THAT(tick(EventKind::kMetricsSearch), IsEmpty());
  for (int i = 0; i < 10; ++i) search("a", milliseconds(4));
  fail_search("a");
  const auto active = tick(EventKind::kMetricsSearch);
  ASSERT_EQ(active.size(), 1u);
  EXPECT_EQ(active[0].entity, "a");
  EXPECT_THAT(active[0].data, StartsWith(R"({"index":"a","qps":10,"latency_p50_ms":4)"));
  EXPECT_THAT(active[0].data, HasSubstr(R"("errors_per_second":1,"vectors_scanned":10000})"));
  std::vector<std::string> after;
  for (int i = 0; i < 30; ++i)
    for (const auto& event : tick(EventKind::kMetricsSearch)) after.push_back(event.data);
  ASSERT_FALSE(after.empty());
  EXPECT_THAT(after.front(), StartsWith(R"({"index":"a","qps":0,"latency_p50_ms":4)"));
  EXPECT_EQ(
      after.back(),
      R"({"index":"a","qps":0,"latency_p50_ms":0,"latency_p99_ms":0,"errors_per_second":0,"vectors_scanned":0})"
  );
  EXPECT_LE(after.size(), 2u);  // nothing is said twice
  EXPECT_EQ(sampler_->newest_search().at("a").qps, 0);
}

TEST_F(SamplerTest, IngestGoesOutWhileActiveAndEndsAtZero) {
  indices_ = {holding("a", 1)};
  const auto counts = metrics_.index("a");
  EXPECT_THAT(tick(EventKind::kMetricsIngest), IsEmpty());
  counts->ingested.add(clock_.steady_now(), 500);
  counts->ingested_bytes.add(clock_.steady_now(), 64'000);
  counts->ingested_total.fetch_add(500);
  counts->ingest_pending = 20;
  auto events = tick(EventKind::kMetricsIngest);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(
      events[0].data, R"({"index":"a","rate":500,"bytes_per_second":64000,"pending":20,"failed":0})"
  );
  EXPECT_EQ(tick(EventKind::kMetricsIngest).size(), 1u);  // 20 wait still
  counts->ingest_pending = 0;
  counts->ingest_failed = 20;
  events = tick(EventKind::kMetricsIngest);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(
      events[0].data, R"({"index":"a","rate":0,"bytes_per_second":0,"pending":0,"failed":20})"
  );
  EXPECT_THAT(tick(EventKind::kMetricsIngest), IsEmpty());
}

// One slow search every few seconds is no less an alarm than a thousand.
TEST_F(SamplerTest, GaugesHoldASearchedIndexForTenSeconds) {
  indices_ = {holding("a", 1)};
  tick(EventKind::kMetricsSearch);
  EXPECT_THAT(sampler_->newest()->search, IsEmpty());
  search("a", seconds(3));
  fail_search("a");
  for (int second = 1; second <= 10; ++second) {
    tick(EventKind::kMetricsSearch);
    const auto gauges = sampler_->newest();
    ASSERT_TRUE(gauges->search.contains("a")) << second;
    EXPECT_NEAR(gauges->search.at("a").sample.latency_p99_ms, 3'000, 90);
    EXPECT_EQ(gauges->search.at("a").error_fraction, 0.5);
  }
  tick(EventKind::kMetricsSearch);
  EXPECT_THAT(sampler_->newest()->search, IsEmpty());
}

TEST_F(SamplerTest, CountsOfADeletedIndexAreNotThoseOfTheNext) {
  indices_ = {holding("a", 1)};
  for (int i = 0; i < 5; ++i) search("a", milliseconds(900));
  tick(EventKind::kMetricsSearch);
  indices_.clear();
  metrics_.remove("a");
  EXPECT_THAT(tick(EventKind::kMetricsSearch), IsEmpty());
  EXPECT_THAT(sampler_->newest_search(), IsEmpty());
  search("a", milliseconds(900));  // a late one for an index that is gone
  EXPECT_THAT(tick(EventKind::kMetricsSearch), IsEmpty());
  metrics_.remove("a");
  indices_ = {holding("a", 1)};
  search("a", milliseconds(1));
  const auto events = tick(EventKind::kMetricsSearch);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_NEAR(sampler_->newest_search().at("a").latency_p99_ms, 1, 0.05);
}

TEST_F(SamplerTest, TheThreadTicksCallsHooksAndStops) {
  std::promise<std::uint64_t> second;
  std::promise<void> tenths;
  int calls = 0;
  int tenth_calls = 0;
  sampler_->each_second([&](const Gauges& gauges) {
    if (++calls == 1) second.set_value(gauges.process.resident_bytes);
  });
  sampler_->each_tenth([&] {
    if (++tenth_calls == 3) tenths.set_value();
  });
  sampler_->start();
  EXPECT_GT(second.get_future().get(), 0u);
  tenths.get_future().get();
  sampler_->stop();
  EXPECT_GT(metrics_.loop_busy_ns, 0u);
}

TEST_F(SamplerTest, EverySampleOfTheExpositionHasItsHeadAndEveryLabelItsQuotes) {
  indices_ = {holding("production-vectors", 7)};
  search("production-vectors", milliseconds(5));
  metrics_.count_close(4102);
  metrics_.count_error("rate_limited");
  metrics_.count_error("rate_limited");
  metrics_.commit_latency.record(milliseconds(2));
  tick(EventKind::kMetricsSystem);
  const auto page = expose(metrics_, *sampler_);
  EXPECT_TRUE(page.ends_with('\n'));
  std::map<std::string, std::string> types;
  std::size_t samples = 0;
  std::size_t begin = 0;
  while (begin < page.size()) {
    const auto end = page.find('\n', begin);
    const std::string line = page.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      const auto space = line.find(' ', 7);
      EXPECT_TRUE(types.emplace(line.substr(7, space - 7), line.substr(space + 1)).second) << line;
      continue;
    }
    ++samples;
    EXPECT_THAT(
        line,
        ::testing::MatchesRegex(
            "[a-z_]+(\\{[a-z]+=\"[A-Za-z0-9_.-]+\"(,[a-z]+=\"[A-Za-z0-9_.-]+\")*\\})? [0-9.e+-]+"
        )
    );
    auto name = line.substr(0, line.find_first_of("{ "));
    for (const std::string_view suffix : {"_count", "_sum"})
      if (!types.contains(name) && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    ASSERT_TRUE(types.contains(name)) << line;
    EXPECT_TRUE(types[name] != "counter" || name.ends_with("_total")) << name;
  }
  EXPECT_GT(samples, 30u);
  EXPECT_THAT(page, HasSubstr("\nmlgraph_closes_total{code=\"4102\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("\nmlgraph_errors_total{code=\"rate_limited\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("\nmlgraph_searches_total{index=\"production-vectors\"} 1\n"));
  EXPECT_THAT(
      page, HasSubstr("\nmlgraph_index_vectors{index=\"production-vectors\",tier=\"idmap\"} 7\n")
  );
  EXPECT_THAT(page, HasSubstr("\nmlgraph_commit_seconds_count 1\n"));
  EXPECT_THAT(page, HasSubstr("\nmlgraph_commit_seconds_sum 0.0"));
  EXPECT_THAT(
      page,
      HasSubstr("\nmlgraph_search_seconds{index=\"production-vectors\",quantile=\"0.99\"} 0.00")
  );
}

}  // namespace
}  // namespace mlgraph::metrics
