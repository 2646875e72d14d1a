// The file of a snapshot: what is written is read, however it streams; what is damaged is told by
// its place, and no row of a damaged block is seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/seed.h"
#include "work/snapshot_files.h"

namespace mlgraph::testing {
namespace {

using base::ErrorCode;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST(SnapshotFile, ComesBackInPiecesOfAnySize) {
  const auto rows = some_rows(3'000, 40, 1);  // a few blocks
  const auto file = snapshot_of(rows, a_head(40, "docs"));
  for (const std::size_t piece : {std::size_t{7}, std::size_t{4'096}, file.size()}) {
    const auto read = read_snapshot(file, piece);
    ASSERT_FALSE(read.error) << read.error->message;
    EXPECT_EQ(read.rows, rows);
    EXPECT_EQ(read.head->rows, rows.size());
    EXPECT_EQ(read.head->id, "abc-7");
    EXPECT_EQ(read.head->taken_at.ms, 1'700'000'001'000);
    EXPECT_EQ(read.head->index, a_head(40, "docs").index);
  }
}

TEST(SnapshotFile, NoRowsAndTheLargestRowsAreSnapshotsToo) {
  const auto none = read_snapshot(snapshot_of({}, a_head(4, "docs")));
  EXPECT_FALSE(none.error);
  EXPECT_TRUE(none.rows.empty());
  std::vector<ReadRow> rows(40);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = std::string(index::kVectorIdMax - 2, 'i') + std::to_string(10 + i);
    rows[i].values.assign(index::kDimensionMax, static_cast<float>(i));
    rows[i].metadata = "{\"t\":\"" + std::string(index::kMetadataMax - 8, 'm') + "\"}";
  }
  const auto read = read_snapshot(snapshot_of(rows, a_head(index::kDimensionMax, "docs")));
  ASSERT_FALSE(read.error) << read.error->message;
  EXPECT_EQ(read.rows, rows);
}

TEST(SnapshotFile, AFullDiskEndsIt) {
  for (std::size_t room = 0; room < 2'000; room += 97) {
    MemorySink sink;
    sink.bytes_max = room;
    work::SnapshotWriter writer(sink, a_head(4, "docs"));
    const std::vector<float> values = {1, 2, 3, 4};
    base::Result<void> outcome;
    for (int i = 0; outcome && i < 200; ++i)
      outcome = writer.add({"v" + std::to_string(i * 7919), values, ""});
    if (outcome) outcome = writer.finish();
    if (!outcome) {
      EXPECT_EQ(outcome.error().code, ErrorCode::kNoSpace);
    }
  }
}

// Every bit of a small file flipped, one at a time: an error each time, never a row that was not
// written.
TEST(SnapshotFile, NoBitCanBeFlipped) {
  const auto rows = some_rows(20, 3, 2);
  const auto file = snapshot_of(rows, a_head(3, "docs"));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    auto flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto read = read_snapshot(std::move(flipped));
    ASSERT_TRUE(read.error) << "bit " << bit;
    ASSERT_THAT(read.error->code, AnyOf(ErrorCode::kCorrupt, ErrorCode::kInvalidValue));
    ASSERT_THAT(
        read.error->message,
        AnyOf(
            HasSubstr("at byte"),
            HasSubstr("header"),
            HasSubstr("version"),
            HasSubstr("no snapshot")
        )
    );
    ASSERT_TRUE(read.rows.empty() || read.rows == rows);
  }
}

TEST(SnapshotFile, NoByteMayBeMissingOrMore) {
  const auto file = snapshot_of(some_rows(20, 3, 2), a_head(3, "docs"));
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto read = read_snapshot(file.substr(0, size));
    ASSERT_TRUE(read.error) << size;
    ASSERT_THAT(
        read.error->message, AllOf(HasSubstr("cut at byte"), HasSubstr(std::to_string(size)))
    );
  }
  EXPECT_THAT(read_snapshot(file + "x").error->message, HasSubstr("something follows"));
  EXPECT_THAT(
      read_snapshot(file + file).error->message, HasSubstr("byte " + std::to_string(file.size()))
  );
}

TEST(SnapshotFile, DamageInALargeOneIsToldByItsBlock) {
  const auto seed = testing::seed();
  std::printf("MLG_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 dice(seed);
  const auto rows = some_rows(4'000, 64, seed);
  const auto file = snapshot_of(rows, a_head(64, "docs"));
  for (int round = 0; round < 30; ++round) {
    auto damaged = file;
    const auto at = dice() % file.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << dice() % 8));
    const auto read = read_snapshot(std::move(damaged));
    ASSERT_TRUE(read.error) << at;
    ASSERT_LE(read.rows.size(), rows.size());
    ASSERT_TRUE(std::equal(read.rows.begin(), read.rows.end(), rows.begin()))
        << "only whole blocks before the damage";
  }
}

TEST(SnapshotFile, AnotherHeaderDoesNotFitTheBlocks) {
  const auto file = snapshot_of(some_rows(20, 3, 1), a_head(3, "docs"));
  auto other = a_head(3, "dogs");
  other.rows = 20;
  const auto forged = work::encode_head(other) + file.substr(work::head_size(file).value());
  EXPECT_THAT(read_snapshot(forged).error->message, HasSubstr("does not fit what is before"));
}

TEST(SnapshotFile, ASourceThatFailsIsToldWithItsPlace) {
  const auto file = snapshot_of(some_rows(20, 3, 1), a_head(3, "docs"));
  PiecewiseBytes cut(file.substr(0, file.size() - 5));
  cut.ending_in(ErrorCode::kTimeout);
  const auto read = read_snapshot(cut);
  EXPECT_EQ(read.error->code, ErrorCode::kTimeout);
  EXPECT_THAT(read.error->message, HasSubstr("bytes: the body was cut short"));
}

TEST(SnapshotFile, LyingNumbersAreNotBelieved) {
  // Numbers that promise gigabytes, under checksums that fit.
  const auto good = snapshot_of({}, a_head(3, "docs"));
  const auto head = work::head_size(good).value();
  for (const auto& [rows, raw, stored] :
       {std::array<std::uint32_t, 3>{1, 0xffffffff, 9},
        {1, 9, 0xffffffff},
        {0xffffffff, 9, 9},
        {0, 9, 9},
        {1, 0, 0}}) {
    std::string block;
    work::append_le(block, work::kSnapshotBlock);
    for (const auto number : {rows, raw, stored}) work::append_le(block, number);
    if (stored < 100) block += std::string(stored, 'z');
    block += work::snapshot_digest(block, work::kBlockDigest);
    const auto read = read_snapshot(good.substr(0, head) + block + good.substr(head));
    ASSERT_TRUE(read.error);
    EXPECT_THAT(read.error->message, HasSubstr("block 0 at byte " + std::to_string(head)));
  }
}

}  // namespace
}  // namespace mlgraph::testing
