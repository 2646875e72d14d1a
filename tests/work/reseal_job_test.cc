// Training as a job: progress over all shards, and the keeper that begins it at the threshold.
#include "work/reseal_job.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "work/engine_stack.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;

class TrainTest : public ::testing::Test {
 protected:
  /// Rows "<prefix>0", "<prefix>1", … of 8 random values.
  void put(const std::string& index, std::size_t rows, const std::string& prefix = "v") {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> values(rows * 8);
    for (auto& value : values) value = normal(random);
    std::vector<std::string> ids(rows);
    for (std::size_t i = 0; i < rows; ++i) ids[i] = prefix + std::to_string(i);
    const std::vector<std::string_view> views(ids.begin(), ids.end());
    ASSERT_EQ(stack_.engine->upsert(index, {8, values, views, {}}).value(), rows);
  }
  /// The first job of the type that is logged about the index, once it has ended.
  model::Job first_training_of(const std::string& index) {
    for (;;) {
      flush(*stack_.committer);
      for (const auto& job : stack_.runner->list(index, std::nullopt))
        if (job.job_type == "train") return stack_.wait_end(job.job_id);
      std::this_thread::yield();
    }
  }
  [[nodiscard]] std::vector<model::Tier> tiers(const std::string& index) const {
    std::vector<model::Tier> tiers;
    const auto object = stack_.engine->get(index).value();
    for (const auto& shard : object.shards) tiers.push_back(shard.tier);
    return tiers;
  }
  void expect_never_falling(const std::string& job_id) {
    double last = 0;
    for (const auto& job : stack_.history(job_id)) {
      if (!job.progress) continue;
      EXPECT_GE(*job.progress, last);
      last = *job.progress;
    }
    EXPECT_EQ(last, 1.0);
  }

  EngineStack stack_;
};

TEST_F(TrainTest, ByHandTrainsEveryShardWithRows) {
  stack_.create(R"({"index_id":"docs","dimension":8,"num_shards":2})");
  EXPECT_EQ(
      code_of(
          work::start_resealing(*stack_.engine, *stack_.runner, "docs", index::Resealing::kTrain)
      ),
      ErrorCode::kConflict
  );
  EXPECT_EQ(
      code_of(
          work::start_resealing(*stack_.engine, *stack_.runner, "none", index::Resealing::kTrain)
      ),
      ErrorCode::kNotFound
  );
  put("docs", 600);
  const auto started =
      work::start_resealing(*stack_.engine, *stack_.runner, "docs", index::Resealing::kTrain)
          .value();
  EXPECT_EQ(started.job_type, "train");
  const auto job = stack_.wait_end(started.job_id);
  EXPECT_EQ(job.state, model::JobState::kCompleted) << job.error_message;
  EXPECT_GT(job.processed, 0U);
  EXPECT_EQ(job.total, job.processed);
  expect_never_falling(job.job_id);
  EXPECT_EQ(tiers("docs"), (std::vector<model::Tier>{model::Tier::kIvf, model::Tier::kIvf}));
}

/// A job of which each report takes half a second.
class SlowJob final : public jobs::JobHandle {
 public:
  SlowJob(jobs::JobHandle& job, ManualClock& clock) : job_(job), clock_(clock) {}
  const std::string& id() const override { return job_.id(); }
  const std::string& index() const override { return job_.index(); }
  void set_phase(std::string phase) override { job_.set_phase(std::move(phase)); }
  void set_total(std::optional<std::uint64_t> total) override { job_.set_total(total); }
  void add_processed(std::uint64_t n) override {
    clock_.advance(std::chrono::milliseconds(500));
    job_.add_processed(n);
    seen.push_back(job_.snapshot());
  }
  void set_work(std::uint64_t done, std::uint64_t known) override { job_.set_work(done, known); }
  void set_tally(const jobs::Tally& tally) override { job_.set_tally(tally); }
  bool cancelled() const override { return job_.cancelled(); }
  model::Job snapshot() const override { return job_.snapshot(); }

  std::vector<model::Job> seen;

 private:
  jobs::JobHandle& job_;
  ManualClock& clock_;
};

TEST_F(TrainTest, EveryPhaseMovesTheNumbersAndTellsTheTimeLeft) {
  stack_.create(R"({"index_id":"docs","dimension":8,"num_shards":2})");
  put("docs", 5'000);
  auto begun = stack_.runner->begin({"train", "docs", {}, {}, "starting", {}}).value();
  SlowJob job(*begun, stack_.clock);
  ASSERT_TRUE(work::run_resealing(
      *stack_.engine, job, {index::Resealing::kTrain, {0, 1}}, model::Reason::kManual
  ));
  const auto ended = stack_.runner->finish(begun, {}).value();
  ASSERT_GT(job.seen.size(), 40U);
  std::uint64_t last = 0;
  std::set<std::string> phases;
  for (const auto& now : job.seen) {
    EXPECT_GT(now.processed, last);
    last = now.processed;
    EXPECT_EQ(now.total, ended.total);
    EXPECT_GT(now.rate, 0) << now.phase;
    EXPECT_TRUE(now.eta_seconds) << now.phase;
    EXPECT_NEAR(
        *now.progress, static_cast<double>(now.processed) / static_cast<double>(*now.total), 1e-3
    );
    phases.insert(now.phase);
  }
  EXPECT_TRUE(phases.contains("training") && phases.contains("assigning"));
  EXPECT_EQ(last, ended.total);
  EXPECT_EQ(ended.processed, ended.total);
}

TEST_F(TrainTest, TheThresholdBeginsOneJobForItsIndex) {
  work::TierKeeper keeper(*stack_.engine, *stack_.runner, stack_.clock);
  stack_.create(R"({"index_id":"docs","dimension":8,"tiering":{"idmap_to_ivf":300}})");
  put("docs", 299);
  EXPECT_TRUE(stack_.runner->list("docs", std::nullopt).empty());
  put("docs", 301);
  const auto job = first_training_of("docs");
  EXPECT_EQ(job.state, model::JobState::kCompleted) << job.error_message;
  EXPECT_EQ(tiers("docs"), (std::vector<model::Tier>{model::Tier::kIvf}));
  EXPECT_EQ(stack_.runner->list("docs", std::nullopt).size(), 1U);
  bool by_threshold = false;
  for (const auto& entry : stack_.recorder.of("docs"))
    if (entry->kind == model::EventKind::kIndexShardTransition)
      by_threshold = by_threshold || model::data_of(*entry).find("\"reason\":\"threshold_reached\""
                                     ) != std::string_view::npos;
  EXPECT_TRUE(by_threshold);
  put("docs", 10, "late");
  EXPECT_EQ(stack_.runner->list("docs", std::nullopt).size(), 1U) << "trained already";
  stack_.stop();
}

TEST_F(TrainTest, AfterAFailureTheKeeperWaitsHalfAMinute) {
  work::TierKeeper keeper(*stack_.engine, *stack_.runner, stack_.clock);
  stack_.create(R"({"index_id":"docs","dimension":8,"tiering":{"idmap_to_ivf":300}})");
  // The one background thread is held, so that the training is still queued when it is cancelled.
  std::promise<void> release;
  auto held = release.get_future().share();
  const auto blocker =
      stack_.runner->start({"hold", "docs", {}, {}, "starting", {}}, [held](jobs::JobHandle&) {
        held.wait();
        return base::Result<void>{};
      });
  ASSERT_TRUE(blocker);
  put("docs", 301);
  std::string id;
  for (const auto& job : stack_.runner->list("docs", std::nullopt))
    if (job.job_type == "train") id = job.job_id;
  ASSERT_FALSE(id.empty());
  ASSERT_TRUE(stack_.runner->cancel(id));
  release.set_value();
  EXPECT_EQ(stack_.wait_end(id).error_code, "cancelled");
  static_cast<void>(stack_.wait_end(blocker->job_id));

  const auto trainings = [&] {
    std::size_t n = 0;
    for (const auto& job : stack_.runner->list("docs", std::nullopt)) n += job.job_type == "train";
    return n;
  };
  put("docs", 1, "soon");
  EXPECT_EQ(trainings(), 1U);
  stack_.clock.advance(std::chrono::seconds(31));
  put("docs", 1, "later");
  EXPECT_EQ(trainings(), 2U);
  for (const auto& job : stack_.runner->list("docs", std::nullopt))
    if (job.job_type == "train" && job.job_id != id) {
      EXPECT_EQ(stack_.wait_end(job.job_id).state, model::JobState::kCompleted);
    }
  stack_.stop();
}

TEST_F(TrainTest, ACancelledTrainingLeavesItsShardsInService) {
  stack_.create(R"({"index_id":"docs","dimension":8})");
  put("docs", 600);
  auto job = stack_.runner->begin({"train", "docs", "train-mine", {}, "starting", {}}).value();
  ASSERT_TRUE(stack_.runner->cancel("train-mine"));
  auto outcome = work::run_resealing(
      *stack_.engine, *job, {index::Resealing::kTrain, {0}}, model::Reason::kManual
  );
  EXPECT_EQ(code_of(outcome), ErrorCode::kCancelled);
  EXPECT_EQ(stack_.runner->finish(job, std::move(outcome)).value().error_code, "cancelled");
  EXPECT_EQ(tiers("docs"), (std::vector<model::Tier>{model::Tier::kIdmap}));
  EXPECT_EQ(stack_.engine->get("docs").value().shards[0].state, model::ShardState::kActive);
}

// A job's error is in the log for good, and everybody who sees the index reads it.
TEST_F(TrainTest, AFailedTrainingNamesNoFileOfTheServer) {
  stack_.create(R"({"index_id":"docs","dimension":8})");
  put("docs", 600);
  std::filesystem::remove_all(stack_.folder / "parts");
  std::ofstream(stack_.folder / "parts") << "in the way";
  const auto started =
      work::start_resealing(*stack_.engine, *stack_.runner, "docs", index::Resealing::kTrain)
          .value();
  const auto job = stack_.wait_end(started.job_id);
  EXPECT_EQ(job.state, model::JobState::kFailed);
  EXPECT_NE(job.error_message.find("making a sealed part: "), std::string::npos);
  EXPECT_EQ(job.error_message.find('/'), std::string::npos) << job.error_message;
}

}  // namespace
}  // namespace mlgraph::testing
