// A guarded node: shards are readonly, by logged moves, and go back to work when it clears.
#include <gmock/gmock.h>

#include "index/engine_fixture.h"

namespace mlgraph::index {
namespace {

using base::ErrorCode;
using model::Reason;
using model::ShardState;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;

class GuardTest : public EngineTest {
 protected:
  std::vector<ShardState> states(const std::string& index) {
    std::vector<ShardState> all;
    const auto object = engine_->get(index).value();
    for (const auto& shard : object.shards) all.push_back(shard.state);
    return all;
  }
  ErrorCode upserting(const std::string& index) {
    const std::vector<std::string_view> ids = {"new"};
    const std::vector<float> values = {1, 2};
    const auto outcome = engine_->upsert(index, {2, values, ids, {}});
    return outcome ? ErrorCode::kInternal : outcome.error().code;
  }
};

TEST_F(GuardTest, ShardsTakeNoRowsButLetThemGo) {
  create(R"({"index_id":"a","dimension":2,"num_shards":3})");
  put("a", {{"x", {1, 1}}, {"y", {2, 2}}});
  engine_->guard(Reason::kDiskGuard);
  EXPECT_THAT(states("a"), Each(ShardState::kReadonly));
  ASSERT_EQ(moves_.size(), 3U);
  EXPECT_THAT(
      moves_,
      Each(AllOf(
          Field(&model::ShardTransition::from_state, ShardState::kActive),
          Field(&model::ShardTransition::to_state, ShardState::kReadonly),
          Field(&model::ShardTransition::reason, Reason::kDiskGuard),
          Field(&model::ShardTransition::node, "n1")
      ))
  );
  EXPECT_EQ(upserting("a"), ErrorCode::kReadonly);
  EXPECT_EQ(engine_->check_writable("a").error().code, ErrorCode::kReadonly);
  EXPECT_EQ(engine_->check_writable("b").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(
      engine_->create(parse(R"({"index_id":"b","dimension":2})")).error().code, ErrorCode::kReadonly
  );
  EXPECT_EQ(engine_->resealing_of("a", Resealing::kTrain).error().code, ErrorCode::kReadonly);
  EXPECT_EQ(nearest("a", {1, 1}, 2), (std::vector<std::string>{"x", "y"}));
  const std::string_view id = "x";
  EXPECT_EQ(engine_->erase("a", {&id, 1}).value(), 1U);
  EXPECT_TRUE(engine_->patch("a", parse(R"({"nprobe":3})")));

  engine_->guard(Reason::kDiskGuard);
  engine_->guard(Reason::kMemoryGuard);
  EXPECT_EQ(moves_.size(), 3U);  // they are where they belong
  engine_->guard(std::nullopt);
  EXPECT_THAT(states("a"), Each(ShardState::kActive));
  ASSERT_EQ(moves_.size(), 6U);
  EXPECT_EQ(moves_.back().reason, Reason::kGuardCleared);
  EXPECT_TRUE(engine_->check_writable("a"));
  put("a", {{"z", {3, 3}}});
  engine_->guard(std::nullopt);
  EXPECT_EQ(moves_.size(), 6U);
  EXPECT_TRUE(engine_->remove("a"));
}

TEST_F(GuardTest, ItStandsOverARestartUntilItIsSaidToBeCleared) {
  create(R"({"index_id":"a","dimension":2})");
  put("a", {{"x", {1, 1}}});
  engine_->guard(Reason::kDiskGuard);
  stop();
  moves_.clear();
  guard_ = Reason::kDiskGuard;
  start();
  ASSERT_EQ(moves_.size(), 2U);
  EXPECT_EQ(moves_[0].from_state, ShardState::kReadonly);
  EXPECT_EQ(moves_[0].to_state, ShardState::kRecovering);
  EXPECT_EQ(moves_[1].to_state, ShardState::kReadonly);
  EXPECT_EQ(moves_[1].reason, Reason::kDiskGuard);
  EXPECT_EQ(upserting("a"), ErrorCode::kReadonly);
  engine_->guard(std::nullopt);
  EXPECT_EQ(states("a"), (std::vector{ShardState::kActive}));

  // One that cleared while the server was down is not found again.
  engine_->guard(Reason::kDiskGuard);
  guard_.reset();
  restart();
  EXPECT_EQ(states("a"), (std::vector{ShardState::kActive}));
}

TEST_F(GuardTest, ATrainingThatIsUnderWayGivesUpAndTheShardStaysReadonly) {
  create(R"({"index_id":"t","dimension":8})");
  put("t", clustered(2'000, 8, 1));
  for (const std::string phase : {"training", "writing"}) {
    moves_.clear();
    const auto outcome = engine_->reseal(
        "t",
        Resealing::kTrain,
        0,
        Reason::kManual,
        "train-x",
        [&](std::string_view now, double) {
          if (now == phase) engine_->guard(Reason::kDiskGuard);
          return true;
        }
    );
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kReadonly) << outcome.error().message;
    EXPECT_EQ(states("t"), (std::vector{ShardState::kReadonly}));
    ASSERT_EQ(moves_.size(), 2U) << phase;
    EXPECT_EQ(moves_[1].from_state, ShardState::kTraining);
    EXPECT_EQ(moves_[1].to_state, ShardState::kReadonly);
    EXPECT_EQ(
        engine_
            ->reseal(
                "t", Resealing::kTrain, 0, Reason::kManual, "", [](auto, double) { return true; }
            )
            .error()
            .code,
        ErrorCode::kReadonly
    );
    engine_->guard(std::nullopt);
    EXPECT_EQ(engine_->get("t").value().shards[0].tier, model::Tier::kIdmap);
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "parts"));
  }
  train("t");
  EXPECT_EQ(engine_->get("t").value().shards[0].tier, model::Tier::kIvf);
}

TEST_F(GuardTest, ThresholdsCrossedBeforeAreLookedAtWhenItClears) {
  create(R"({"index_id":"t","dimension":2,"tiering":{"idmap_to_ivf":10}})");
  put("t", clustered(20, 2, 1));
  engine_->guard(Reason::kDiskGuard);
  std::vector<std::string> crossed;
  engine_->on_threshold([&](const std::string& index, std::uint32_t) { crossed.push_back(index); });
  EXPECT_TRUE(crossed.empty());
  engine_->guard(std::nullopt);
  EXPECT_EQ(crossed, (std::vector<std::string>{"t"}));
}

}  // namespace
}  // namespace mlgraph::index
