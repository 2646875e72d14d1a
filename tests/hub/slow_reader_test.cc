// Slow sessions, step by step: samples conflate and never go back, durable events move to the log,
// a cursor past retention ends the session, and those at the tail are served before those behind.
#include <gtest/gtest.h>

#include "hub/feed_fixture.h"

namespace mlgraph::hub {
namespace {

using testing::FeedFixture;
using testing::SlowReader;

constexpr std::size_t kQueue = 2'000;

TEST(SlowReader, SamplesThatWaitKeepTheNewestValueAndNeverGoBack) {
  FeedFixture fixture;
  auto& reader = fixture.open(kQueue);
  fixture.subscribe(reader, "metrics.*");
  for (int value = 1; value <= 50; ++value) fixture.sample("n1", value);
  fixture.read(reader, 1 << 20);
  fixture.sample("n1", 51);
  fixture.read(reader, 1 << 20);
  const auto values = reader.values();
  ASSERT_FALSE(values.empty());
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end())) << "a newer sample went out first";
  EXPECT_EQ(values.back(), 51);
  EXPECT_LT(values.size(), 50u) << "samples were conflated";
  EXPECT_EQ(std::count(values.begin(), values.end(), 50), 1)
      << "the newest of those that waited is sent without a further sample";
}

TEST(SlowReader, ASessionAtTheTailDoesNotWaitForThoseThatCatchUp) {
  FeedFixture fixture;
  std::vector<SlowReader*> behind;
  fixture.publish(400);
  for (int i = 0; i < 20; ++i) {
    behind.push_back(&fixture.open(256 * 1024));
    behind.back()->room = 1 << 24;
    fixture.subscribe(*behind.back(), "*", 0);
  }
  auto& live = fixture.open(256 * 1024);
  live.room = 1 << 20;
  fixture.subscribe(live, "*");
  fixture.publish(1);
  fixture.turn();
  EXPECT_EQ(live.events(), std::vector<std::uint64_t>{401});
  const auto served = std::count_if(behind.begin(), behind.end(), [](const SlowReader* reader) {
    return !reader->received.empty();
  });
  EXPECT_LT(served, 20) << "a turn has a budget";
  for (int i = 0; i < 100; ++i) fixture.turn();
  for (const auto* reader : behind) {
    EXPECT_EQ(reader->events().size(), 401u);
    EXPECT_EQ(reader->events().back(), 401u);
  }
}

TEST(SlowReader, ACursorPastRetentionEndsTheSession) {
  FeedFixture fixture;
  auto& reader = fixture.open(kQueue);
  fixture.subscribe(reader, "*");
  fixture.publish(200);  // far more than its queue and the ring hold
  fixture.turn();
  fixture.log.drop_before(150);
  for (int i = 0; i < 20; ++i) fixture.read(reader, 1 << 20);
  EXPECT_EQ(reader.evicted, 4102);
}

TEST(SlowReader, ARareChannelIsFoundWithoutReadingTheRest) {
  FeedFixture fixture;
  fixture.publish(300);
  fixture.publish(1, "rare");
  fixture.publish(300);
  auto& reader = fixture.open(kQueue);
  reader.room = 1 << 20;
  fixture.subscribe(reader, "job.rare.*", 0);
  for (int i = 0; i < 20; ++i) fixture.turn();
  EXPECT_EQ(reader.events(), std::vector<std::uint64_t>{301});
  EXPECT_GT(fixture.metrics.replay_passed.load(), 500u);
  EXPECT_EQ(fixture.metrics.sessions_behind.load(), 0);
}

TEST(SlowReader, NoByteTakenInTimeEndsTheSession) {
  FeedFixture fixture;
  auto& reader = fixture.open(kQueue);
  fixture.subscribe(reader, "*");
  fixture.publish(1);
  fixture.turn();
  fixture.advance(std::chrono::seconds(29));
  EXPECT_EQ(reader.evicted, 0);
  fixture.advance(std::chrono::seconds(2));
  EXPECT_EQ(reader.evicted, 4102);
}

}  // namespace
}  // namespace mlgraph::hub
