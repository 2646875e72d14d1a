// Imports into a real engine: rows applied, counted and refused; progress; ends of every kind.
#include "work/import_job.h"

#include <gtest/gtest.h>

#include "work/engine_stack.h"
#include "work/vector_files.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;

class ImportTest : public ::testing::Test {
 protected:
  ImportTest() { stack_.create(R"({"index_id":"docs","dimension":2,"num_shards":2})"); }

  /// The job's object after importing `bytes`, as the route does it.
  model::Job import(
      const std::string& type,
      work::ByteSource& bytes,
      std::optional<std::uint64_t> length = std::nullopt,
      const std::string& index = "docs"
  ) {
    auto job = stack_.runner->begin({"import", index, {}, {}, "starting", {}}).value();
    auto rows = work::make_row_source(type, bytes, 2, {}).value();
    auto outcome =
        work::run_import(*stack_.engine, stack_.metrics, stack_.clock, *job, *rows, {length});
    return stack_.runner->finish(job, std::move(outcome)).value();
  }
  model::Job import(const std::string& type, const std::string& bytes) {
    PiecewiseBytes source(bytes);
    return import(type, source, bytes.size());
  }
  static std::string numbers(std::size_t rows) {
    std::vector<float> values(rows * 2);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return npy(npy_dictionary("(" + std::to_string(rows) + ", 2)"), raw(values));
  }

  EngineStack stack_;
};

TEST_F(ImportTest, EveryRowOfAFileIsThereAfterwards) {
  const auto job = import(kNpy, numbers(2'500));
  EXPECT_EQ(job.state, model::JobState::kCompleted);
  EXPECT_EQ(job.processed, 2'500U);
  EXPECT_EQ(job.total, 2'500U);
  EXPECT_EQ(job.progress, 1.0);
  EXPECT_EQ(job.failed, 0U);
  EXPECT_EQ(stack_.count("docs"), 2'500U);
  EXPECT_EQ(
      stack_.engine->fetch("docs", "2499").value().values, (std::vector<float>{4'998, 4'999})
  );
  const auto counts = stack_.metrics.index("docs");
  EXPECT_EQ(counts->ingested_total, 2'500U);
  EXPECT_EQ(counts->ingest_pending, 0);
  EXPECT_EQ(counts->ingest_failed, 0U);
}

TEST_F(ImportTest, ProgressRisesToOneBeforeTheEnd) {
  /// Time passes with each read, so that no report is held back.
  class Ticking final : public work::ByteSource {
   public:
    Ticking(std::string bytes, ManualClock& clock)
        : bytes_(std::move(bytes), 1'000), clock_(clock) {}
    base::Result<std::size_t> read(std::span<char> out) override {
      clock_.advance(std::chrono::milliseconds(300));
      return bytes_.read(out);
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return std::nullopt; }

   private:
    PiecewiseBytes bytes_;
    ManualClock& clock_;
  };
  std::string lines;
  for (int i = 0; i < 1'000; ++i) lines += fmt::format("{{\"id\":{},\"values\":[1,{}]}}\n", i, i);
  for (const auto& [type, bytes] : {std::pair(kNpy, numbers(4'000)), std::pair(kJsonl, lines)}) {
    Ticking source(bytes, stack_.clock);
    const auto job = import(type, source, bytes.size());
    ASSERT_EQ(job.state, model::JobState::kCompleted);
    const auto history = stack_.history(job.job_id);
    ASSERT_GT(history.size(), 4U) << type;
    double last = 0;
    bool halfway = false;
    for (const auto& seen : history) {
      if (!seen.progress) continue;
      EXPECT_GE(*seen.progress, last);
      last = *seen.progress;
      halfway = halfway || (last > 0.2 && last < 0.8);
    }
    EXPECT_TRUE(halfway) << type;
    EXPECT_EQ(history.front().state, model::JobState::kRunning);
    EXPECT_EQ(history[history.size() - 2].progress, 1.0);
    EXPECT_EQ(history[history.size() - 2].state, model::JobState::kRunning);
    EXPECT_EQ(history.back().state, model::JobState::kCompleted);
  }
}

TEST_F(ImportTest, BadRowsAreCountedAndTheFirstAreKept) {
  stack_.create(R"({"index_id":"angles","dimension":2,"metric_type":"COSINE"})");
  std::string lines;
  for (int i = 0; i < 30; ++i)
    lines += i % 3 == 0   ? fmt::format("{{\"id\":{},\"values\":[0,0]}}\n", i)  // no direction
             : i % 3 == 1 ? fmt::format("{{\"id\":{},\"values\":[1]}}\n", i)
                          : fmt::format("{{\"id\":{},\"values\":[1,{}]}}\n", i, i);
  PiecewiseBytes bytes(lines);
  const auto job = import(kJsonl, bytes, lines.size(), "angles");
  EXPECT_EQ(job.state, model::JobState::kCompleted);
  EXPECT_EQ(job.failed, 20U);
  EXPECT_EQ(job.processed, 30U);
  EXPECT_EQ(job.errors.size(), model::Job::kErrorsKept);
  EXPECT_EQ(stack_.count("angles"), 10U);
  EXPECT_EQ(stack_.metrics.index("angles")->ingest_failed, 20U);
  // The first ten in the order of the file, whether the reader or the engine refused them.
  std::vector<std::uint64_t> rows;
  for (const auto& error : job.errors) rows.push_back(error.row);
  EXPECT_EQ(rows, (std::vector<std::uint64_t>{0, 1, 3, 4, 6, 7, 9, 10, 12, 13}));
  EXPECT_EQ(
      job.errors[8].message, "row 12: values are all zero, which has no direction under COSINE"
  );
  EXPECT_EQ(job.errors[9].message, "row 13: values has 1 numbers, the index has dimension 2");
}

TEST_F(ImportTest, TheFirstRefusedRowsAreKeptOverBatches) {
  stack_.create(R"({"index_id":"angles","dimension":2,"metric_type":"COSINE"})");
  std::string lines;
  for (int i = 0; i < 5'000; ++i)
    lines += fmt::format(
        "{{\"id\":{},\"values\":[0,{}]}}\n", i, i == 999 || i == 1'000 || i == 4'999 ? 0 : 1
    );
  lines += "{\"id\":\"last\"}\n";
  PiecewiseBytes bytes(lines);
  const auto job = import(kJsonl, bytes, lines.size(), "angles");
  EXPECT_EQ(job.failed, 4U);
  EXPECT_EQ(job.processed, 5'001U);
  std::vector<std::uint64_t> rows;
  for (const auto& error : job.errors) rows.push_back(error.row);
  EXPECT_EQ(rows, (std::vector<std::uint64_t>{999, 1'000, 4'999, 5'000}));
}

TEST_F(ImportTest, ABodyOfWhichNoRowCanBeReadIsBroken) {
  const std::string garbage = "<html>\n<body>502 Bad Gateway</body>\n</html>\n";
  for (const auto& [type, bytes, refused] :
       {std::tuple(kJsonl, garbage, 3U),
        std::tuple(kJsonl, std::string("{\"id\":1,\"values\":[1,2,3]}\n"), 1U),
        std::tuple(std::string("text/csv"), std::string("a;1;2\nb;3;4\n"), 2U)}) {
    const auto job = import(type, bytes);
    EXPECT_EQ(job.state, model::JobState::kFailed) << bytes;
    EXPECT_EQ(job.error_code, "bad_request");
    EXPECT_EQ(
        job.error_message.find(
            fmt::format("no row could be read, all {} were refused; row 0: ", refused)
        ),
        0U
    ) << job.error_message;
    EXPECT_EQ(job.failed, refused);
    EXPECT_EQ(job.errors.size(), refused);
  }
  EXPECT_EQ(import(kJsonl, "").state, model::JobState::kCompleted) << "nothing is no garbage";
  EXPECT_EQ(import("text/csv", "id,x,y\n").state, model::JobState::kCompleted);
}

TEST_F(ImportTest, ABodyThatEndsInItsLastLineIsBroken) {
  const auto job = import(
      kJsonl,
      "{\"id\":\"a\",\"values\":[1,2]}\n{\"id\":\"b\",\"values\":[1,2],\"n\":1,\n{\"id\":\"c\","
      "\"values\":[1,2"
  );
  EXPECT_EQ(job.state, model::JobState::kFailed);
  EXPECT_EQ(job.error_code, "bad_request");
  EXPECT_EQ(job.error_message.find("the body ends in the middle of row 2: "), 0U);
  EXPECT_EQ(job.processed, 2U);
  EXPECT_EQ(job.failed, 1U);
  EXPECT_EQ(stack_.count("docs"), 1U);
}

TEST_F(ImportTest, WhatCameBeforeABreakStaysHoweverItCame) {
  const std::string whole = numbers(1'500);
  const std::string broken = whole.substr(0, whole.size() - 3);
  for (const std::size_t piece : {7UL, 1'000UL, 1UL << 20}) {
    PiecewiseBytes bytes(broken, piece);
    const auto job = import(kNpy, bytes);
    EXPECT_EQ(job.state, model::JobState::kFailed);
    EXPECT_EQ(job.error_code, "bad_request");
    EXPECT_NE(job.error_message.find("row 1499 of 1500"), std::string::npos) << job.error_message;
    EXPECT_EQ(job.processed, 1'499U);
    EXPECT_EQ(stack_.count("docs"), 1'499U);
    EXPECT_LT(job.progress.value_or(0), 1.0);
  }
}

TEST_F(ImportTest, ADimensionThatDoesNotFitFailsTheWholeFile) {
  const auto job = import(kNpy, npy(npy_dictionary("(1, 3)"), raw(std::vector<float>{1, 2, 3})));
  EXPECT_EQ(job.state, model::JobState::kFailed);
  EXPECT_EQ(job.error_code, "invalid_vector");
  EXPECT_EQ(stack_.count("docs"), 0U);
}

TEST_F(ImportTest, ACancelledImportKeepsWhatItApplied) {
  /// Cancels the job once half of the bytes have been read.
  class Cancelling final : public work::ByteSource {
   public:
    Cancelling(std::string bytes, jobs::Runner& runner)
        : half_(bytes.size() / 2), bytes_(std::move(bytes), 4'096), runner_(runner) {}
    base::Result<std::size_t> read(std::span<char> out) override {
      auto n = bytes_.read(out);
      read_ += n.value_or(0);
      if (read_ >= half_ && !asked_) {
        asked_ = true;
        EXPECT_TRUE(runner_.cancel("import-mine"));
      }
      return n;
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return std::nullopt; }

   private:
    const std::size_t half_;
    PiecewiseBytes bytes_;
    jobs::Runner& runner_;
    std::size_t read_ = 0;
    bool asked_ = false;
  };
  Cancelling bytes(numbers(100'000), *stack_.runner);
  auto job = stack_.runner->begin({"import", "docs", "import-mine", {}, "starting", {}}).value();
  auto rows = work::make_row_source(kNpy, bytes, 2, {}).value();
  auto outcome = work::run_import(*stack_.engine, stack_.metrics, stack_.clock, *job, *rows, {});
  const auto ended = stack_.runner->finish(job, std::move(outcome)).value();
  EXPECT_EQ(ended.state, model::JobState::kFailed);
  EXPECT_EQ(ended.error_code, "cancelled");
  EXPECT_GT(ended.processed, 1'000U);
  EXPECT_LT(ended.processed, 100'000U);
  EXPECT_EQ(stack_.count("docs"), ended.processed);
}

// What the next start does of an import that a crash cut: the last report says less than is there.
TEST_F(ImportTest, WhatACrashLeavesIsCountedExactly) {
  /// Beside the running import stands what a new process would find, time and again.
  class Crashing final : public work::ByteSource {
   public:
    Crashing(std::string bytes, std::function<void()> crash)
        : bytes_(std::move(bytes), 20'000), crash_(std::move(crash)) {}
    base::Result<std::size_t> read(std::span<char> out) override {
      if (++reads_ == 7) crash_();
      return bytes_.read(out);
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return std::nullopt; }

   private:
    PiecewiseBytes bytes_;
    const std::function<void()> crash_;
    int reads_ = 0;
  };
  std::string lines;
  for (int i = 0; i < 20'000; ++i)
    lines += fmt::format("{{\"id\":{},\"values\":[1{}]}}\n", i, i % 100 == 7 ? "" : ",2");
  Crashing bytes(lines, [&] {
    const auto told = stack_.history("cut").back();
    EXPECT_LT(told.processed, 1'000U) << "hardly anything has been reported";
    jobs::Runner next(*stack_.committer, stack_.clock, stack_.counting({}));
    ASSERT_TRUE(next.recover());
    const auto cut = stack_.history("cut").back();
    EXPECT_EQ(cut.state, model::JobState::kFailed);
    EXPECT_EQ(cut.error_code, "interrupted");
    EXPECT_GT(cut.processed, 2'000U);
    EXPECT_EQ(cut.processed - cut.failed, stack_.count("docs"));
    EXPECT_EQ(cut.failed, (cut.processed + 92) / 100);
    EXPECT_EQ(cut.rate, 0);
    EXPECT_EQ(cut.eta_seconds, std::nullopt);
    EXPECT_TRUE(stack_.vectors->notes().value().empty()) << "it has been told";
  });
  auto job = stack_.runner->begin({"import", "docs", "cut", {}, "starting", {}}).value();
  auto rows = work::make_row_source(kJsonl, bytes, 2, {}).value();
  ASSERT_TRUE(work::run_import(*stack_.engine, stack_.metrics, stack_.clock, *job, *rows, {}));
  ASSERT_TRUE(stack_.runner->finish(job, {}));
  EXPECT_EQ(stack_.history("cut").back().error_code, "interrupted") << "an end is the end";
}

TEST_F(ImportTest, AnEndedImportLeavesNoTally) {
  EXPECT_EQ(import(kNpy, numbers(2'500)).state, model::JobState::kCompleted);
  EXPECT_TRUE(stack_.vectors->notes().value().empty());
  EXPECT_EQ(import(kJsonl, "no rows\n").state, model::JobState::kFailed);
  EXPECT_TRUE(stack_.vectors->notes().value().empty());
}

TEST_F(ImportTest, AnIndexDeletedMeanwhileEndsTheImport) {
  auto job = stack_.runner->begin({"import", "docs", {}, {}, "starting", {}}).value();
  ASSERT_TRUE(stack_.engine->remove("docs"));
  PiecewiseBytes bytes(numbers(10));
  auto rows = work::make_row_source(kNpy, bytes, 2, {}).value();
  const auto outcome =
      work::run_import(*stack_.engine, stack_.metrics, stack_.clock, *job, *rows, {});
  EXPECT_EQ(code_of(outcome), ErrorCode::kNotFound);
}

TEST_F(ImportTest, TheSameIdsAgainReplaceTheRows) {
  import(kNpy, numbers(100));
  const auto again = import(kNpy, numbers(100));
  EXPECT_EQ(again.state, model::JobState::kCompleted);
  EXPECT_EQ(stack_.count("docs"), 100U);
}

}  // namespace
}  // namespace mlgraph::testing
