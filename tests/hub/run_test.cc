// A turn's events as one piece of a queue: whole frames whatever becomes of the session.
#include <numeric>

#include <gtest/gtest.h>

#include "hub/feed_fixture.h"

namespace mlgraph::hub {
namespace {

using testing::FeedFixture;

TEST(Run, AnEvictedSessionKeepsTheFrameThatWasBegunAndNoMore) {
  FeedFixture fixture;
  auto& reader = fixture.open(64 * 1024);
  fixture.subscribe(reader, "*");
  fixture.publish(20);
  reader.room = 700;  // some frames whole, one begun
  fixture.turn();
  const auto whole = reader.events().size();
  ASSERT_GT(whole, 0U);
  ASSERT_LT(whole, 19U);
  fixture.advance(std::chrono::seconds(31));
  ASSERT_EQ(reader.evicted, 4102);
  fixture.read(reader, 1 << 20);
  EXPECT_EQ(reader.events().size(), whole + 1) << "the begun frame is completed, nothing behind it";
  std::size_t bytes = 0;
  for (const auto& message : reader.messages()) bytes += message.size() + 4;
  EXPECT_EQ(reader.received.size(), bytes) << "a close frame would follow at a frame's end";
}

TEST(Run, ARunThatHasNoRoomIsQueuedAsFarAsItFitsAndReadOn) {
  FeedFixture fixture;
  auto& reader = fixture.open(2'000);
  fixture.subscribe(reader, "*");
  fixture.publish(20);
  fixture.turn();
  fixture.read(reader, 1 << 20);
  std::vector<std::uint64_t> all(20);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(reader.events(), all);
}

}  // namespace
}  // namespace mlgraph::hub
