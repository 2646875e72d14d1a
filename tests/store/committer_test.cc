// Order, groups and publication: commands are run in groups whose borders the test decides, and
// what answers, sinks and readers see is compared with the log.
#include "store/committer.h"

#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::Result;
using model::EventKind;
using testing::a_job;
using testing::created;
using testing::job_event;
using testing::moved;
using testing::progress;
using testing::refusal_of;
using testing::Store;
using testing::text_of;

TEST(Committer, EntriesStandInTheOrderTheirCommandsWereSubmitted) {
  Store store;
  std::vector<Command> commands;
  for (std::uint64_t n = 1; n <= 300; ++n) commands.push_back(Store::logging({progress("j", n)}));
  const auto outcomes = store.commit_together(std::move(commands));
  for (std::uint64_t n = 1; n <= 300; ++n) EXPECT_EQ(outcomes[n - 1], n);
  EXPECT_EQ(store.log().appends(), 1);
  EXPECT_EQ(store.committer().state()->job("j")->processed, 300u);
  EXPECT_EQ(store.committer().tail(), (model::Cursor{store.log().epoch(), 300}));
  testing::expect_sound(store.log());
}

TEST(Committer, TheSecondCreateOfANameInOneGroupIsRefused) {
  Store store;
  const auto outcomes = store.commit_together(
      {Store::creating("a"), Store::creating("b"), Store::creating("a"), Store::creating("c")}
  );
  EXPECT_EQ(outcomes[0], 1u);
  EXPECT_EQ(outcomes[1], 2u);
  EXPECT_EQ(refusal_of(outcomes[2]), ErrorCode::kConflict);
  EXPECT_EQ(outcomes[3], 3u);
  EXPECT_EQ(store.log().appends(), 1);
  EXPECT_EQ(store.committer().state()->index("c")->number, 3u);
  testing::expect_sound(store.log());
}

TEST(Committer, ARefusedCommandLeavesNothingOfItsDrafts) {
  Store store;
  const auto outcome = store.committer().commit([](Decision& decision) -> Result<void> {
    decision.log(created("a"));
    return base::fail(ErrorCode::kForbidden, "thought better of it");
  });
  EXPECT_EQ(refusal_of(outcome), ErrorCode::kForbidden);
  EXPECT_EQ(store.log().tail(), 0u);
  EXPECT_TRUE(store.committer().state()->indices().empty());
}

TEST(Committer, ACommandWhoseLaterDraftDoesNotApplyIsTakenBackWhole) {
  Store store;
  ASSERT_TRUE(store.commit(created("a", 2)));
  const auto outcomes = store.commit_together({
      Store::creating("b"),
      Store::logging(
          {created("c"),
           progress("j", 1),
           moved("a", 0, model::ShardState::kReadonly, 7),
           moved("no-such-index", 0, model::ShardState::kReadonly, 1)}
      ),
      Store::creating("c"),
  });
  EXPECT_EQ(outcomes[0], 2u);
  EXPECT_EQ(refusal_of(outcomes[1]), ErrorCode::kInternal);
  EXPECT_EQ(outcomes[2], 3u) << "the name is free again, the seq without a hole";
  const auto state = store.committer().state();
  EXPECT_FALSE(state->job("j"));
  EXPECT_EQ(state->index("a")->object.vectors, 0u);
  EXPECT_EQ(state->index("c")->number, 3u);
  testing::expect_sound(store.log());
}

TEST(Committer, WhatIsNoEventOfTheLogIsRefused) {
  Store store;
  const auto refuse = [&](model::Draft draft) {
    EXPECT_EQ(refusal_of(store.commit(std::move(draft))), ErrorCode::kInternal);
  };
  refuse({EventKind::kMetricsSystem, "n1", {}, "{}", {}});
  refuse({EventKind::kIndexCreated, "a", "a", "not json", {}});
  refuse({EventKind::kIndexCreated, "a", "a", "{}", {}});
  refuse({EventKind::kJobStarted, "j", {}, testing::json_of(a_job("j")) + ",\"more\":1", {}});
  EXPECT_EQ(store.log().tail(), 0u);
  EXPECT_EQ(store.commit(created("a")), 1u);
  testing::expect_sound(store.log());
}

TEST(Committer, AllDraftsOfOneCommandAreInOneWrite) {
  Store store;
  const auto seq = store.commit(
      {created("a"),
       job_event(EventKind::kJobStarted, a_job("j", "a")),
       moved("a", 0, model::ShardState::kTraining, 0)}
  );
  EXPECT_EQ(seq, 3u) << "the command's last entry";
  EXPECT_EQ(store.log().appends(), 1);
}

TEST(Committer, ACheckAnswersWithTheSeqItSawOnceThatIsDurable) {
  Store store;
  const auto outcomes = store.commit_together(
      {Store::checking(), Store::creating("a"), Store::checking(), Store::creating("b")}
  );
  EXPECT_EQ(outcomes[0], 0u);
  EXPECT_EQ(outcomes[2], 1u);
  EXPECT_EQ(store.log().appends(), 1);
}

TEST(Committer, SinksSeeEveryEntryOnceInOrderBeforeItsAnswer) {
  Store store;
  std::vector<std::string> seen;  // by the committer thread; read after stop()
  store.committer().add_sink([&](auto entries) {
    for (const auto& entry : entries) seen.push_back("first " + std::to_string(entry->seq));
    EXPECT_EQ(store.committer().state()->seq(), entries.back()->seq) << "published before told";
    EXPECT_EQ(store.log().tail(), entries.back()->seq) << "durable before told";
  });
  store.committer().add_sink([&](auto entries) {
    for (const auto& entry : entries) seen.push_back("second " + std::to_string(entry->seq));
  });
  for (const auto* name : {"a", "b"})
    store.committer().submit(Store::creating(name), [&](Result<std::uint64_t> seq) {
      seen.push_back("done " + std::to_string(*seq));
      EXPECT_GE(store.committer().state()->seq(), *seq);
    });
  store.committer().stop();
  const auto at = [&](const std::string& what) {
    const auto found = std::find(seen.begin(), seen.end(), what);
    EXPECT_NE(found, seen.end()) << what;
    EXPECT_EQ(std::count(seen.begin(), seen.end(), what), 1) << what;
    return found - seen.begin();
  };
  EXPECT_LT(at("first 1"), at("second 1"));
  EXPECT_LT(at("second 1"), at("done 1"));
  EXPECT_LT(at("first 1"), at("first 2"));
  EXPECT_LT(at("second 2"), at("done 2"));
  EXPECT_LT(at("done 1"), at("done 2"));
}

TEST(Committer, GroupsEndAtTheirLimitsWithoutChangingTheOrder) {
  Store store({}, {.group_max = 10, .group_bytes_max = 2'000});
  std::vector<Command> commands;
  for (std::uint64_t n = 1; n <= 95; ++n) commands.push_back(Store::logging({progress("j", n)}));
  const auto outcomes = store.commit_together(std::move(commands));
  for (std::uint64_t n = 1; n <= 95; ++n) EXPECT_EQ(outcomes[n - 1], n);
  EXPECT_GE(store.log().appends(), 10);
  const auto entries = testing::read_all(store.log());
  for (std::size_t i = 0; i < entries.size(); ++i)
    EXPECT_THAT(
        entries[i]->public_json, ::testing::HasSubstr(fmt::format("\"processed\":{},", i + 1))
    );
  testing::expect_sound(store.log());
}

TEST(Committer, AFullQueueRefusesAtOnce) {
  Store store({}, {.queue_max = 3});
  std::vector<Result<std::uint64_t>> answers;  // of the committer thread, but for the refusal
  std::optional<Result<std::uint64_t>> refused;
  {
    const Store::Held held(store.committer());
    for (const auto* name : {"a", "b", "c"})
      store.committer().submit(Store::creating(name), [&](auto outcome) {
        answers.push_back(outcome);
      });
    store.committer().submit(Store::creating("d"), [&](auto outcome) { refused = outcome; });
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refusal_of(*refused), ErrorCode::kOverloaded);
    EXPECT_TRUE(refused->error().retry_after_ms.has_value());
    EXPECT_THAT(refused->error().message, ::testing::HasSubstr("3"));
  }
  store.committer().stop();
  ASSERT_EQ(answers.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(answers[i], i + 1);
  EXPECT_FALSE(store.committer().state()->index("d"));
}

TEST(Committer, StopFinishesWhatIsQueuedAndRefusesTheRest) {
  Store store;
  std::vector<Result<std::uint64_t>> answers;
  {
    const Store::Held held(store.committer());
    for (int n = 1; n <= 50; ++n)
      store.committer().submit(
          Store::logging({progress("j", static_cast<std::uint64_t>(n))}),
          [&](auto outcome) { answers.push_back(outcome); }
      );
  }
  store.committer().stop();
  ASSERT_EQ(answers.size(), 50u);
  EXPECT_EQ(answers.back(), 50u);
  EXPECT_EQ(refusal_of(store.commit(created("late"))), ErrorCode::kShuttingDown);
  store.committer().stop();  // again is harmless
  EXPECT_EQ(store.log().tail(), 50u);
}

TEST(Committer, TimestampsNeverFallWhenTheWallClockDoes) {
  Store store;
  ASSERT_TRUE(store.commit(created("a")));
  store.clock.set_wall({store.clock.wall_now().ms - 3'600'000});
  ASSERT_TRUE(store.commit(created("b")));
  store.reopen();  // the last timestamp is remembered with the state
  ASSERT_TRUE(store.commit(created("c")));
  store.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(store.commit(created("d")));
  const auto entries = testing::read_all(store.log());
  EXPECT_EQ(entries[0]->timestamp, entries[1]->timestamp);
  EXPECT_EQ(entries[1]->timestamp, entries[2]->timestamp);
  EXPECT_LT(entries[2]->timestamp, entries[3]->timestamp);
  testing::expect_sound(store.log());
}

TEST(Committer, TheDecisionKnowsTheTimestampItsEntriesGet) {
  Store store;
  base::Timestamp told;
  ASSERT_TRUE(store.committer().commit([&](Decision& decision) -> Result<void> {
    told = decision.now();
    decision.log(created("a"));
    return {};
  }));
  EXPECT_EQ(testing::read_all(store.log())[0]->timestamp, told);
}

TEST(Committer, ReadersOfOneSeqShareOneStateThatNoLaterCommitTouches) {
  Store store;
  ASSERT_TRUE(store.commit(created("a")));
  const auto first = store.committer().state();
  EXPECT_EQ(first, store.committer().state());
  const std::string before = text_of(*first);
  ASSERT_TRUE(store.commit(testing::index_event(EventKind::kIndexDeleted, testing::an_index("a"))));
  EXPECT_EQ(text_of(*first), before);
  EXPECT_NE(first, store.committer().state());
  EXPECT_FALSE(store.committer().state()->index("a"));
}

TEST(Committer, ReopenedItGoesOnWhereItStood) {
  Store store;
  ASSERT_TRUE(store.commit(created("a")));
  ASSERT_TRUE(store.commit(moved("a", 0, model::ShardState::kReadonly, 3, "{\"file\":\"p1\"}")));
  const auto epoch = store.log().epoch();
  const auto state = text_of(*store.committer().state());
  store.reopen();
  EXPECT_EQ(store.log().epoch(), epoch);
  EXPECT_EQ(text_of(*store.committer().state()), state);
  EXPECT_EQ(store.committer().state()->index("a")->parts.at(0), "{\"file\":\"p1\"}");
  EXPECT_EQ(store.commit(created("b")), 3u);
  testing::expect_sound(store.log());
}

TEST(Committer, ReadersAndManyWritersMeetWithoutHarm) {
  Store store;
  std::vector<std::thread> threads;
  std::atomic<bool> over{false};
  for (int writer = 0; writer < 4; ++writer)
    threads.emplace_back([&, writer] {
      for (std::uint64_t n = 1; n <= 100; ++n)
        EXPECT_TRUE(store.commit(progress("job-" + std::to_string(writer), n)));
    });
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!over) {
      const auto state = store.committer().state();
      std::uint64_t counted = 0;
      for (const auto& [id, job] : state->jobs()) counted += job->processed;
      EXPECT_EQ(counted, state->seq()) << "a state between two entries";
      EXPECT_GE(state->seq(), last);
      last = state->seq();
      const auto published = store.committer().tail().seq;
      EXPECT_LE(published, store.log().tail());
      if (last > 0) {
        const auto entries = store.log().read(last, 1'000);
        ASSERT_TRUE(entries);
        EXPECT_LE(entries->back()->seq, store.log().tail());
      }
    }
  });
  for (auto& thread : threads) thread.join();
  over = true;
  reader.join();
  testing::expect_sound(store.log());
}

}  // namespace
}  // namespace mlgraph::store
