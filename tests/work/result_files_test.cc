// Files of jobs: found once whole, private, kept for a day and within number and size.
#include "work/result_files.h"

#include <filesystem>
#include <sys/stat.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "store/temp_dir.h"
#include "support/manual_clock.h"
#include "work/spool.h"

namespace mlgraph::work {
namespace {

namespace fs = std::filesystem;

class ResultFilesTest : public ::testing::Test {
 protected:
  ResultFilesTest() { start({}); }
  /// As a new process that knows these jobs.
  void start(std::vector<std::string> jobs) {
    files_ = std::make_unique<ResultFiles>(folder(), clock_);
    ASSERT_TRUE(files_->open([&](const std::string& job) {
      return std::find(jobs.begin(), jobs.end(), job) != jobs.end();
    }));
  }
  void make(const std::string& job, std::uint64_t bytes = 5, const std::string& suffix = "jsonl") {
    const auto file = files_->create(job, suffix).value();
    ASSERT_EQ(ftruncate(file->fd(), static_cast<off_t>(bytes)), 0);
    ASSERT_TRUE(file->keep());
    clock_.advance(std::chrono::minutes(1));
  }
  [[nodiscard]] bool has(const std::string& job) const { return files_->find(job).has_value(); }
  [[nodiscard]] std::string folder() const { return outside_ / "results"; }
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder()), {}));
  }

  testing::TempDir outside_;
  testing::ManualClock clock_;
  std::unique_ptr<ResultFiles> files_;
};

TEST_F(ResultFilesTest, AWholeFileIsFoundByItsJob) {
  const auto file = files_->create("export-1", "jsonl.gz").value();
  ASSERT_TRUE(write_all(file->fd(), "bytes"));
  EXPECT_FALSE(has("export-1")) << "not yet";
  ASSERT_TRUE(file->keep());
  const auto found = files_->find("export-1").value();
  EXPECT_EQ(found.name, "export-1.jsonl.gz");
  EXPECT_EQ(found.content_type, "application/gzip");
  EXPECT_EQ(found.bytes, 5U);
  EXPECT_FALSE(has("export"));
  EXPECT_FALSE(has("export-1.jsonl"));
  struct stat info {};
  ASSERT_EQ(stat(found.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(stat(folder().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(ResultFilesTest, TheContentTypeIsOfTheSuffix) {
  for (const auto& [suffix, type] :
       {std::pair("jsonl", "application/x-ndjson"),
        std::pair("npy", "application/x-npy"),
        std::pair("npy.zst", "application/zstd"),
        std::pair("tar", "application/x-tar"),
        std::pair("bin", "application/octet-stream")}) {
    make("j", 1, suffix);
    EXPECT_EQ(files_->find("j")->content_type, type);
    fs::remove(files_->find("j")->path);
  }
}

TEST_F(ResultFilesTest, WhatWasNotKeptIsGone) {
  static_cast<void>(files_->create("failed", "npy").value());
  EXPECT_EQ(count(), 0U);
}

TEST_F(ResultFilesTest, AStartRemovesWhatNobodyKnows) {
  make("known");
  make("forgotten");
  ResultFiles killed(folder(), clock_);
  const auto cut = killed.create("known-too", "npy").value();
  start({"known", "known-too"});
  EXPECT_TRUE(has("known"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(ResultFilesTest, AFileIsKeptForADay) {
  make("old");
  clock_.advance(ResultFiles::kKeptFor - std::chrono::minutes(2));
  files_->sweep();
  EXPECT_TRUE(has("old"));
  clock_.advance(std::chrono::minutes(2));
  files_->sweep();
  EXPECT_FALSE(has("old")) << "though it is the newest";
}

TEST_F(ResultFilesTest, TheNewestSixteenAreKept) {
  for (std::size_t i = 0; i < ResultFiles::kFilesMax + 2; ++i) make("j" + std::to_string(i));
  EXPECT_EQ(count(), ResultFiles::kFilesMax);
  EXPECT_FALSE(has("j1"));
  EXPECT_TRUE(has("j2"));
}

TEST_F(ResultFilesTest, TheNewestAreKeptWithinTheirBytes) {
  make("first", 10);
  make("second", ResultFiles::kBytesMax / 2);
  make("third", ResultFiles::kBytesMax / 2);
  EXPECT_FALSE(has("first"));
  EXPECT_TRUE(has("second"));
  make("huge", 2 * ResultFiles::kBytesMax);
  EXPECT_TRUE(has("huge")) << "whoever waited for it gets it";
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace mlgraph::work
