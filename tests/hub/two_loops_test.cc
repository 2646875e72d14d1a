// A client that had an event from one loop, or from a state, and comes back on another loop, which
// has not been handed that event yet: it is past it all the same.
#include <gtest/gtest.h>

#include "hub/feed_fixture.h"

namespace mlgraph::hub {
namespace {

using testing::FeedFixture;
using testing::HandExecutor;
using testing::SlowReader;

/// Batches are handed to `early`, then to `late`; `between` runs at that moment.
class TwoLoops : public FeedFixture {
 public:
  TwoLoops()
      : early(hub.add_loop([this](const std::function<void()>&) {
          if (between) between();
        })),
        late(hub.add_loop([this](std::function<void()> step) {
          EXPECT_TRUE(late_loop.try_post(std::move(step)));
        })) {
    reader.room = 1 << 20;
    reader.slot = late.open(
        reader, protocol::Scopes::admin(), {.queue_bytes_max = 64 * 1024, .patterns_max = 128}
    );
  }
  Subscribed resume(const std::string& pattern, std::uint64_t seq) {
    const auto done = late.subscribe(
        reader.slot,
        {pattern},
        model::format_cursor({log.epoch(), seq}),
        [](const Subscribed&) { return std::string(); }
    );
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(Subscribed{});
  }
  void late_turn() {
    replay.run();
    late_loop.run();
    late.flush();
  }

  std::function<void()> between;
  HandExecutor late_loop;
  LoopFeed& early;
  LoopFeed& late;
  SlowReader reader;
};

TEST(TwoLoops, WhatAnotherLoopHasSentIsNotSentAgain) {
  TwoLoops loops;
  std::string id;
  loops.between = [&] {
    id = loops.resume("*", 3).id;
    EXPECT_EQ(loops.late.position(loops.reader.slot), 3U);
  };
  loops.publish(3);
  loops.between = nullptr;
  loops.late_turn();
  EXPECT_EQ(id, "testepoch-3");
  EXPECT_TRUE(loops.reader.events().empty());
  loops.publish(2);
  for (int i = 0; i < 3; ++i) loops.late_turn();
  EXPECT_EQ(loops.reader.events(), (std::vector<std::uint64_t>{4, 5}));
}

/// In the middle of a batch: the rest of it is still due.
TEST(TwoLoops, WhatItHasNotSentIs) {
  TwoLoops loops;
  loops.between = [&] { loops.resume("*", 2); };
  loops.publish(5);
  loops.between = nullptr;
  for (int i = 0; i < 3; ++i) loops.late_turn();
  EXPECT_EQ(loops.reader.events(), (std::vector<std::uint64_t>{3, 4, 5}));
}

/// A further pattern does not take from the session what its first one is due.
TEST(TwoLoops, AFurtherPatternLeavesTheFirstAlone) {
  TwoLoops loops;
  loops.resume("job.common.*", 0);
  loops.late_turn();
  loops.between = [&] { loops.resume("alert.*", 3); };
  loops.publish(3);
  loops.between = nullptr;
  for (int i = 0; i < 3; ++i) loops.late_turn();
  EXPECT_EQ(loops.reader.events(), (std::vector<std::uint64_t>{1, 2, 3}));
}

/// GET /state shows what is on disk; its id may be subscribed with before the hub has heard of it.
TEST(TwoLoops, AStateIsNeverAheadOfTheLog) {
  TwoLoops loops;
  const auto entries = loops.append(3);
  EXPECT_TRUE(loops.resume("*", 3).recovered);
  loops.late_turn();
  loops.hub.publish(entries);
  loops.publish(1);
  for (int i = 0; i < 3; ++i) loops.late_turn();
  EXPECT_EQ(loops.reader.events(), std::vector<std::uint64_t>{4});
  const auto ahead = loops.late.subscribe(
      loops.reader.slot, {"job.*"}, "testepoch-5", [](const Subscribed&) { return std::string(); }
  );
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().code, base::ErrorCode::kBadRequest);
}

}  // namespace
}  // namespace mlgraph::hub
