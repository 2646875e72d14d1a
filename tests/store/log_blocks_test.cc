// Block summaries: nothing sought is ever passed by, what is rare is found without reading the
// rest, and an opening knows the same as the run before it.
#include <map>
#include <random>

#include "store/seed.h"
#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using testing::Store;

constexpr std::uint64_t kSummaryBlock = BlockSummary::kEntries;

Sought about(const std::string& entity, model::KindSet kinds = model::kEveryKind) {
  return {kinds, BlockSummary::hash(entity)};
}

/// job.progress of "common" up to `seq`, but job.started of `rare` at the places named.
void fill(Store& store, std::uint64_t seq, const std::map<std::uint64_t, std::string>& rare) {
  std::vector<Command> commands;
  for (auto n = store.log().tail() + 1; n <= seq; ++n) {
    const auto found = rare.find(n);
    auto job = testing::a_job(found == rare.end() ? "common" : found->second);
    job.processed = n;
    const auto kind =
        found == rare.end() ? model::EventKind::kJobProgress : model::EventKind::kJobStarted;
    commands.push_back(Store::logging({testing::job_event(kind, job)}));
  }
  for (const auto& outcome : store.commit_together(std::move(commands))) ASSERT_TRUE(outcome);
}

/// The blocks a reader of `sought` would read between `from` and `last`, by their numbers.
std::vector<std::uint64_t> blocks_read(
    const Log& log, std::uint64_t from, std::uint64_t last, const Sought& sought
) {
  std::vector<std::uint64_t> blocks;
  while (from <= last) {
    const auto next = log.next_with(from, last, std::span(&sought, 1));
    if (next == from) {
      blocks.push_back(from / kSummaryBlock);
      from = (from / kSummaryBlock + 1) * kSummaryBlock;
    } else {
      from = next;
    }
  }
  return blocks;
}

TEST(LogBlocks, ARareEntityIsFoundWithoutReadingTheRest) {
  Store store;
  fill(
      store, kSummaryBlock * 9 + 5, {{kSummaryBlock * 3 + 7, "rare"}, {kSummaryBlock * 6, "rare"}}
  );
  const auto tail = store.log().tail();
  using Blocks = std::vector<std::uint64_t>;
  const auto expect_same = [&] {
    EXPECT_EQ(blocks_read(store.log(), 1, tail, about("rare")), (Blocks{3, 6, 9}))
        << "and the last block, which is not complete";
    EXPECT_EQ(
        blocks_read(store.log(), 1, tail, {model::set_of(model::EventKind::kJobStarted), 0}),
        (Blocks{3, 6, 9})
    );
    EXPECT_EQ(blocks_read(store.log(), 1, tail, about("nobody")), Blocks{9});
    EXPECT_EQ(
        blocks_read(store.log(), 1, tail, about("rare", model::set_of(model::Family::kAlert))),
        Blocks{9}
    );
    EXPECT_EQ(blocks_read(store.log(), 1, tail, {}).size(), 10u) << "everything is sought";
    EXPECT_EQ(store.log().next_with(10, 20, std::span<const Sought>()), 21u)
        << "nothing is sought, and the answer stays within the question";
  };
  expect_same();
  store.reopen();
  expect_same();
}

TEST(LogBlocks, NothingSoughtIsPassedBy) {
  const auto seed = testing::seed();
  SCOPED_TRACE("MLG_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    BlockSummary summary;
    std::vector<std::pair<model::EventKind, std::string>> held;
    for (std::uint64_t i = 0; i < kSummaryBlock; ++i) {
      const auto kind = model::kAllKinds[4 + random() % 12];
      held.emplace_back(kind, "entity-" + std::to_string(random() % 5'000));
      summary.add(kind, held.back().second);
    }
    std::string record;
    summary.encode(record);
    ASSERT_EQ(record.size(), BlockSummary::kSize);
    const auto read_back = BlockSummary::decode(record.data());
    for (const auto& [kind, entity] : held)
      ASSERT_TRUE(read_back.may_hold(about(entity, model::set_of(kind))));
    int in_vain = 0;
    for (int i = 0; i < 1'000; ++i)
      in_vain += read_back.may_hold(about("absent-" + std::to_string(random())));
    EXPECT_LT(in_vain, 100) << "a full block answers yes in vain about once in thirty";
  }
}

TEST(LogBlocks, RetentionForgetsTheSummariesToo) {
  Store store({.bytes_max = 1 << 20});
  fill(store, kSummaryBlock * 6, {{kSummaryBlock * 5 + 1, "rare"}});
  ASSERT_TRUE(store.log().trim(store.clock.wall_now()));
  const auto oldest = store.log().oldest();
  ASSERT_GT(oldest, kSummaryBlock);
  const auto rare = about("rare");
  EXPECT_EQ(store.log().next_with(1, store.log().tail(), std::span(&rare, 1)), 1u)
      << "what is gone is not passed by: reading there says so";
  EXPECT_EQ(
      blocks_read(store.log(), oldest, store.log().tail(), rare), (std::vector<std::uint64_t>{5, 6})
  );
}

}  // namespace
}  // namespace mlgraph::store
