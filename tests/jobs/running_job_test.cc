// What a work reports and what becomes of it: the handle is driven by hand, time by a manual clock,
// and every published object is kept.
#include "jobs/running_job.h"

#include <random>

#include <gtest/gtest.h>

#include "store/seed.h"
#include "support/manual_clock.h"

namespace mlgraph::jobs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ManualClock;

class RunningJobTest : public ::testing::Test {
 protected:
  void begin(std::optional<std::uint64_t> total) {
    model::Job job;
    job.job_id = "import-1";
    job.job_type = "import";
    job.index = "a";
    job.state = model::JobState::kRunning;
    job.total = total;
    if (total) job.progress = 0;
    job_ = std::make_unique<RunningJob>(job, clock_, [this](const model::Job& now) {
      published_.push_back(now);
      published_at_.push_back(clock_.steady_now());
    });
  }

  ManualClock clock_;
  std::unique_ptr<RunningJob> job_;
  std::vector<model::Job> published_;
  std::vector<base::SteadyTime> published_at_;
};

TEST_F(RunningJobTest, NeverPublishesMoreThanFourTimesASecondHoweverOftenItIsTold) {
  begin(100'000);
  for (int i = 0; i < 10'000; ++i) {
    job_->add_processed(10);
    clock_.advance(milliseconds(1));
  }
  EXPECT_GE(published_.size(), 20u);  // nor does it fall silent
  for (std::size_t i = 4; i < published_.size(); ++i)
    EXPECT_GE(published_at_[i] - published_at_[i - 4], seconds(1)) << i;
}

TEST_F(RunningJobTest, AHeldBackChangeIsPublishedWhenDueAndNothingWithoutAChange) {
  begin(100);
  job_->add_processed(40);
  EXPECT_TRUE(published_.empty());
  job_->publish_due();
  EXPECT_TRUE(published_.empty());
  clock_.advance(seconds(1));
  job_->publish_due();
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(published_[0].processed, 40u);
  for (int i = 0; i < 50; ++i) {
    clock_.advance(seconds(1));
    job_->publish_due();
  }
  EXPECT_EQ(published_.size(), 1u);
}

TEST_F(RunningJobTest, ASealedJobPublishesNothing) {
  begin(100);
  job_->add_processed(99);
  const auto last = job_->seal();
  EXPECT_EQ(last.processed, 99u);
  clock_.advance(seconds(10));
  job_->add_processed(1);
  job_->publish_due();
  job_->set_running();
  EXPECT_TRUE(published_.empty());
}

TEST_F(RunningJobTest, ProgressIsNullUntilTheWorkIsKnown) {
  begin(std::nullopt);
  job_->add_processed(500);
  EXPECT_EQ(job_->snapshot().progress, std::nullopt);
  EXPECT_EQ(job_->snapshot().eta_seconds, std::nullopt);
  job_->set_total(1'000);
  EXPECT_EQ(job_->snapshot().progress, 0.5);
}

TEST_F(RunningJobTest, AGrowingTotalKeepsTheFraction) {
  begin(100);
  job_->add_processed(50);
  job_->set_total(1'000);
  EXPECT_EQ(job_->snapshot().progress, 0.5);
  EXPECT_EQ(job_->snapshot().total, 1'000u);
  job_->add_processed(450);
  EXPECT_EQ(job_->snapshot().progress, 0.5);
  job_->add_processed(100);
  EXPECT_EQ(job_->snapshot().progress, 0.6);
}

TEST_F(RunningJobTest, OneIsSaidByTheEndAlone) {
  begin(10);
  job_->add_processed(25);
  EXPECT_LT(job_->snapshot().progress, 1.0);
  EXPECT_GT(job_->snapshot().progress, 0.99);
  begin(std::nullopt);
  job_->set_work(700, 100);
  EXPECT_LT(job_->snapshot().progress, 1.0);
  EXPECT_GT(job_->snapshot().progress, 0.99);
}

// A file of lines does not say how many it has: its bytes tell how far it is and what is left.
TEST_F(RunningJobTest, WorkInAUnitOfItsOwnTellsProgressAndTheTimeLeft) {
  begin(std::nullopt);
  EXPECT_EQ(job_->snapshot().eta_seconds, std::nullopt);
  for (std::uint64_t i = 1; i <= 50; ++i) {  // 100 rows of 4,000 bytes a second
    clock_.advance(milliseconds(100));
    job_->set_work(i * 400, 400'000);
    job_->add_processed(10);
  }
  auto now = job_->snapshot();
  EXPECT_EQ(now.progress, 0.05);
  EXPECT_EQ(now.total, std::nullopt);
  EXPECT_NEAR(now.rate, 100, 1);
  ASSERT_TRUE(now.eta_seconds);
  EXPECT_NEAR(*now.eta_seconds, 95, 1);
  for (int i = 0; i < 60; ++i) {
    clock_.advance(seconds(1));
    now = job_->snapshot();
  }
  EXPECT_EQ(now.rate, 0);
  EXPECT_EQ(now.eta_seconds, std::nullopt);
  EXPECT_EQ(now.progress, 0.05);
}

// k-means reports a round every few seconds; in between it has not slowed down.
TEST_F(RunningJobTest, RareReportsMakeASteadyRate) {
  begin(1'000'000);
  for (int round = 0; round < 20; ++round) {
    for (int tenth = 0; tenth < 80; ++tenth) {
      clock_.advance(milliseconds(100));
      const auto now = job_->snapshot();
      if (round < 1) continue;
      ASSERT_NEAR(now.rate, 1'000, 1) << "in round " << round << " after " << tenth;
      ASSERT_TRUE(now.eta_seconds);
    }
    job_->add_processed(8'000);
  }
}

TEST_F(RunningJobTest, RateAndTimeLeftFollowTheWork) {
  begin(100'000);
  for (int i = 0; i < 100; ++i) {  // 1,000 rows a second for ten seconds
    clock_.advance(milliseconds(100));
    job_->add_processed(100);
  }
  auto now = job_->snapshot();
  EXPECT_NEAR(now.rate, 1'000, 1);
  ASSERT_TRUE(now.eta_seconds);
  EXPECT_NEAR(*now.eta_seconds, 90, 0.5);
  for (int i = 0; i < 200; ++i) {  // then five times as fast
    clock_.advance(milliseconds(100));
    job_->add_processed(350);
  }
  EXPECT_NEAR(job_->snapshot().rate, 3'500, 50);
}

TEST_F(RunningJobTest, TheFirstReportIsNoFasterThanTheOnesAfterIt) {
  begin(10'000);
  clock_.advance(seconds(1));
  job_->add_processed(1'000);
  EXPECT_NEAR(job_->snapshot().rate, 1'000, 1);
}

TEST_F(RunningJobTest, ARateThatHasFallenToZeroLeavesNoTimeToTell) {
  begin(1'000);
  clock_.advance(seconds(1));
  job_->add_processed(100);
  EXPECT_TRUE(job_->snapshot().eta_seconds);
  for (int i = 0; i < 120; ++i) {
    clock_.advance(seconds(1));
    static_cast<void>(job_->snapshot());
  }
  EXPECT_EQ(job_->snapshot().rate, 0);
  EXPECT_EQ(job_->snapshot().eta_seconds, std::nullopt);
}

TEST_F(RunningJobTest, RowsThatAreRefusedAreCountedAndTheFirstTenKept) {
  begin(100);
  Tally tally;
  for (std::uint64_t row = 0; row < 25; ++row) {
    tally.refuse(row, "its id is missing");
    ++tally.processed;
    job_->set_tally(tally);
  }
  const auto now = job_->snapshot();
  EXPECT_EQ(now.failed, 25u);
  EXPECT_EQ(now.processed, 50u);
  EXPECT_EQ(now.progress, 0.5);
  ASSERT_EQ(now.errors.size(), model::Job::kErrorsKept);
  EXPECT_EQ(now.errors.back(), (model::RowError{9, "row 9: its id is missing"}));
}

TEST_F(RunningJobTest, TheFirstWhoAsksForAStopIsNamed) {
  begin(1);
  EXPECT_FALSE(job_->cancelled());
  job_->request_stop(base::ErrorCode::kCancelled);
  job_->request_stop(base::ErrorCode::kInterrupted);
  EXPECT_TRUE(job_->cancelled());
  EXPECT_EQ(job_->stop_requested(), base::ErrorCode::kCancelled);
  EXPECT_TRUE(job_->try_claim());
  EXPECT_FALSE(job_->try_claim());
}

// Random reports: whatever the work says, what is published never falls, and tells the newest.
TEST_F(RunningJobTest, RandomReportsNeverMakeProgressFall) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    published_.clear();
    begin(random() % 2 ? std::optional<std::uint64_t>(random() % 1'000) : std::nullopt);
    std::uint64_t processed = 0;
    std::optional<double> highest = job_->snapshot().progress;
    for (int i = 0; i < 200; ++i) {
      switch (random() % 6) {
        case 0:
          job_->set_total(random() % 3'000);
          break;
        case 1:
          job_->set_total(std::nullopt);
          break;
        case 2:
          job_->set_work(random() % 2'000, random() % 2'000);
          break;
        case 3:
          clock_.advance(milliseconds(random() % 500));
          break;
        default: {
          const auto n = random() % 50;
          job_->add_processed(n);
          processed += n;
        }
      }
      const auto now = job_->snapshot();
      ASSERT_EQ(now.processed, processed);
      if (highest) {
        ASSERT_TRUE(now.progress);
        ASSERT_GE(*now.progress, *highest);
      }
      ASSERT_LT(now.progress.value_or(0), 1.0);
      if (now.total) {
        ASSERT_EQ(now.eta_seconds.has_value(), now.rate > 0 && *now.total >= processed);
      }
      if (now.eta_seconds) {
        ASSERT_GT(now.rate, 0);
        ASSERT_GE(*now.eta_seconds, 0);
        ASSERT_TRUE(now.progress);
      }
      highest = now.progress;
    }
    for (std::size_t i = 1; i < published_.size(); ++i)
      ASSERT_GE(published_[i].progress.value_or(-1), published_[i - 1].progress.value_or(-1));
  }
}

}  // namespace
}  // namespace mlgraph::jobs
