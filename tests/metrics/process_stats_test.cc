// What the kernel says, checked against what the test knows of itself.
#include "metrics/process_stats.h"

#include <fstream>

#include <gtest/gtest.h>

#include "store/temp_dir.h"
#include "support/manual_clock.h"

namespace mlgraph::metrics {
namespace {

using std::chrono::seconds;

void write_file(const std::string& path, std::size_t bytes) {
  std::ofstream(path) << std::string(bytes, 'x');
}

TEST(ProcessStats, MemoryIsMeasuredAgainstTheLeastLimit) {
  testing::ManualClock clock;
  const testing::TempDir dir;
  const auto open = ProcessStats(dir.path(), 0, clock).sample();
  EXPECT_GT(open.resident_bytes, 1u << 20);
  EXPECT_GT(open.memory_limit_bytes, open.resident_bytes);
  EXPECT_EQ(ProcessStats(dir.path(), 12'345, clock).sample().memory_limit_bytes, 12'345u);
  const auto huge = ProcessStats(dir.path(), std::uint64_t{1} << 60, clock).sample();
  EXPECT_EQ(huge.memory_limit_bytes, open.memory_limit_bytes);
}

TEST(ProcessStats, ResidentMemoryGrowsWithWhatIsUsed) {
  testing::ManualClock clock;
  const testing::TempDir dir;
  ProcessStats stats(dir.path(), 0, clock);
  const auto before = stats.sample().resident_bytes;
  const std::vector<char> block(64 << 20, 'x');
  EXPECT_GT(stats.sample().resident_bytes + (block.front() == 0 ? 1U : 0U), before + (48 << 20));
}

TEST(ProcessStats, CpuIsThatSinceTheLastSample) {
  testing::ManualClock clock;
  const testing::TempDir dir;
  ProcessStats stats(dir.path(), 0, clock);
  const auto begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 20) {
  }
  clock.advance(seconds(1));
  EXPECT_GE(stats.sample().cpu_percent, 4);  // 50 ms of a second
}

TEST(ProcessStats, DiskCountsTheFolderEveryFewSeconds) {
  testing::ManualClock clock;
  const testing::TempDir dir;
  std::filesystem::create_directories(dir / "log/deep");
  write_file(dir / "log/deep/one", 1'000);
  write_file(dir / "two", 234);
  ProcessStats stats(dir.path(), 0, clock);
  const auto first = stats.sample();
  EXPECT_EQ(first.disk_used_bytes, 1'234u);
  EXPECT_GT(first.disk_total_bytes, 0u);
  EXPECT_LE(first.disk_free_bytes, first.disk_total_bytes);
  write_file(dir / "three", 66);
  clock.advance(seconds(1));
  EXPECT_EQ(stats.sample().disk_used_bytes, 1'234u);
  clock.advance(seconds(5));
  EXPECT_EQ(stats.sample().disk_used_bytes, 1'300u);
}

TEST(ProcessStats, AMissingFolderIsNoBytes) {
  testing::ManualClock clock;
  const auto sample = ProcessStats("/nonexistent/folder", 0, clock).sample();
  EXPECT_EQ(sample.disk_used_bytes, 0u);
  EXPECT_EQ(sample.disk_total_bytes, 0u);
}

TEST(ProcessStats, UptimeAndDescriptors) {
  testing::ManualClock clock;
  const testing::TempDir dir;
  ProcessStats stats(dir.path(), 0, clock);
  clock.advance(seconds(90));
  const auto before = stats.sample();
  EXPECT_EQ(before.uptime_seconds, 90);
  const std::ifstream open("/proc/self/stat");
  EXPECT_EQ(stats.sample().open_descriptors, before.open_descriptors + 1);
}

}  // namespace
}  // namespace mlgraph::metrics
