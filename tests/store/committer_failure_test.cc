// A write that fails must leave no trace: appends fail on the test's word, and what answers, state
// and log say afterwards is compared with the commits that were acknowledged.
#include <gmock/gmock.h>

#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using testing::created;
using testing::refusal_of;
using testing::Store;

TEST(CommitterFailure, AFailedWriteIsAnsweredAndForgotten) {
  Store store;
  ASSERT_TRUE(store.commit(created("kept")));
  bool told = false;
  store.committer().add_sink([&](auto) { told = true; });
  store.log().fail_append(1, ErrorCode::kNoSpace);
  EXPECT_EQ(refusal_of(store.commit(created("lost"))), ErrorCode::kNoSpace);
  EXPECT_FALSE(told);
  EXPECT_EQ(store.committer().tail().seq, 1u);
  EXPECT_FALSE(store.committer().state()->index("lost"));
  EXPECT_EQ(store.commit(created("next")), 2u) << "no hole";
  EXPECT_TRUE(told);
  EXPECT_EQ(store.committer().state()->index("next")->number, 2u);
  testing::expect_sound(store.log());
}

TEST(CommitterFailure, EveryCommandOfTheGroupThatLoggedGetsTheError) {
  Store store;
  store.log().fail_append(2, ErrorCode::kReadonly);
  ASSERT_TRUE(store.commit(created("a")));
  const auto outcomes = store.commit_together(
      {Store::checking(), Store::creating("a"), Store::creating("b"), Store::creating("c")}
  );
  EXPECT_EQ(outcomes[0], 1u);
  EXPECT_EQ(refusal_of(outcomes[1]), ErrorCode::kConflict) << "'a' stands, whatever the disk does";
  EXPECT_EQ(refusal_of(outcomes[2]), ErrorCode::kReadonly);
  EXPECT_EQ(refusal_of(outcomes[3]), ErrorCode::kReadonly);
  testing::expect_sound(store.log());
}

TEST(CommitterFailure, AnAnswerIsNeverBasedOnWhatTheFailedWriteDropped) {
  Store store;
  store.log().fail_append(1);
  const auto outcomes =
      store.commit_together({Store::creating("a"), Store::creating("a"), Store::checking()});
  EXPECT_EQ(refusal_of(outcomes[0]), ErrorCode::kNoSpace);
  EXPECT_EQ(refusal_of(outcomes[1]), ErrorCode::kNoSpace) << "'a' exists only in what was dropped";
  EXPECT_EQ(refusal_of(outcomes[2]), ErrorCode::kNoSpace);
  EXPECT_EQ(store.commit_together({Store::creating("a")})[0], 1u);
}

TEST(CommitterFailure, WhateverAppendFailsTheRestStands) {
  for (int n = 1; n <= 8; ++n) {
    SCOPED_TRACE(n);
    Store store;
    store.log().fail_append(n);
    std::uint64_t acknowledged = 0;
    int refused = 0;
    for (int i = 0; i < 8; ++i) {
      const auto seq = store.commit(
          {created("i" + std::to_string(i)),
           testing::job_event(
               model::EventKind::kJobFailed,
               [&] {
                 auto job = testing::a_job("j" + std::to_string(i), "i" + std::to_string(i));
                 job.state = model::JobState::kFailed;
                 return job;
               }()
           )}
      );
      if (seq) {
        EXPECT_EQ(*seq, acknowledged += 2);
      } else {
        ++refused;
      }
    }
    EXPECT_EQ(refused, 1);
    testing::expect_sound(store.log());
    const auto state = testing::text_of(*store.committer().state());
    store.reopen();
    EXPECT_EQ(testing::text_of(*store.committer().state()), state);
    testing::expect_sound(store.log());
  }
}

}  // namespace
}  // namespace mlgraph::store
