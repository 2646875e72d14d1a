// Failing calls and power cuts, on the real database over a disk that fails and forgets: whatever
// call it is, what was acknowledged is there, what is there is sound, and writes go on afterwards.
#include <latch>

#include <gmock/gmock.h>

#include "store/faulty_disk.h"
#include "store/seed.h"
#include "store/store_fixture.h"
#include "store/vector_store.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using testing::FaultyDisk;
using testing::progress;
using testing::refusal_of;
using testing::Store;
using testing::TempDir;

/// The log's n-th entry is job.progress with processed n: so the numbers must show, none missing,
/// none invented, up to at least `acknowledged`.
void expect_numbered(const Log& log, std::uint64_t acknowledged) {
  testing::expect_sound(log);
  const auto entries = testing::read_all(log, 1 << 20);
  ASSERT_GE(entries.size(), acknowledged);
  for (const auto& entry : entries)
    ASSERT_THAT(
        entry->public_json, ::testing::HasSubstr(fmt::format("\"processed\":{},", entry->seq))
    );
}

ErrorCode code_of(int error) {
  return error == ENOSPC  ? ErrorCode::kNoSpace
         : error == EROFS ? ErrorCode::kReadonly
                          : ErrorCode::kInternal;
}

TEST(DiskFaults, AFullDiskRefusesWritesUntilItHasRoom) {
  for (const int error : {ENOSPC, EROFS, EIO}) {
    SCOPED_TRACE(error);
    Store store;
    ASSERT_TRUE(store.commit(progress("j", 1)));
    FaultyDisk disk(store.dir.path());
    disk.fail(1, error, true);
    for (int i = 0; i < 3; ++i) {
      const auto refused = store.commit(progress("j", 2));
      EXPECT_EQ(refusal_of(refused), code_of(error)) << refused.error().message;
      EXPECT_EQ(refusal_of(store.log().config_put("k", "v", 0)), code_of(error));
      EXPECT_THAT(refused.error().message, ::testing::Not(::testing::HasSubstr("/")))
          << "a client is told no path of the server";
    }
    EXPECT_EQ(store.log().read(1, 1'000)->size(), 1u) << "reading goes on";
    disk.heal();
    EXPECT_EQ(store.log().config_put("k", "v", 0), 1u) << "whoever writes first";
    EXPECT_EQ(store.commit(progress("j", 2)), 2u) << "at once";
    expect_numbered(store.log(), 2);
    store.reopen();
    expect_numbered(store.log(), 2);
    EXPECT_EQ(store.log().config_get("k")->value, "v");
  }
}

TEST(DiskFaults, ADatabaseThatDoesNotComeBackHoldsNobodyUp) {
  Store store;
  ASSERT_TRUE(store.commit(progress("j", 1)));
  FaultyDisk disk(store.dir.path());
  std::latch repaired(1);
  std::atomic<int> calls{0};
  disk.before_every(1, [&] {
    if (++calls > 1) repaired.wait();  // all but the write that fails: RocksDB hangs in resuming
  });
  disk.fail(1, ENOSPC, false);
  EXPECT_EQ(refusal_of(store.commit(progress("j", 2))), ErrorCode::kNoSpace)
      << "and it is answered";
  repaired.count_down();
  std::uint64_t seq = 0;
  for (int tries = 0; seq == 0 && tries < 10; ++tries)
    seq = store.commit(progress("j", 2)).value_or(0);
  EXPECT_EQ(seq, 2u);
  store.reopen();
  expect_numbered(store.log(), 2);
}

TEST(DiskFaults, AfterAnyOneCallThatFailsTheNextCommitSucceeds) {
  for (const int error : {ENOSPC, EIO}) {
    for (int n = 1;; ++n) {
      SCOPED_TRACE(fmt::format("error {} in call {}", error, n));
      Store store;
      FaultyDisk disk(store.dir.path());
      disk.fail(n, error, false);
      int failures = 0;
      for (std::uint64_t i = 1; i <= 4; ++i) {
        auto seq = store.commit(progress("j", i));
        if (!seq) {
          ++failures;
          seq = store.commit(progress("j", i));
        }
        ASSERT_EQ(seq, i);
        if (auto put = store.log().config_put("k", "v", i - 1); !put) {
          ++failures;
          put = store.log().config_put("k", "v", i - 1);
          ASSERT_EQ(put, i);
        }
      }
      ASSERT_LE(failures, 1);
      const bool reached = disk.calls() >= n;
      disk.heal();
      expect_numbered(store.log(), 4);
      store.reopen();
      expect_numbered(store.log(), 4);
      ASSERT_EQ(store.log().tail(), 4u);
      ASSERT_EQ(store.log().config_get("k")->revision, 4u);
      if (!reached) break;
    }
  }
}

TEST(DiskFaults, AnOpeningThatFailsSaysSoAndTheNextSucceeds) {
  Store store;
  for (std::uint64_t i = 1; i <= 10; ++i) ASSERT_TRUE(store.commit(progress("j", i)));
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    store.close();
    FaultyDisk disk(store.dir.path());
    disk.fail(n, ENOSPC, true);
    const bool opened = Log::open(store.dir.path(), {}).has_value();
    const bool reached = disk.calls() >= n;
    disk.heal();
    store.open();
    ASSERT_EQ(store.log().tail(), 10u);
    expect_numbered(store.log(), 10);
    if (!reached) {
      EXPECT_TRUE(opened);
      break;
    }
  }
}

TEST(DiskFaults, VectorsRecoverFromAFullDisk) {
  TempDir dir;
  auto store = VectorStore::open(dir.path());
  ASSERT_TRUE(store);
  const std::vector<float> values = {1, 2, 3};
  const auto write = [&](std::uint64_t row) {
    auto batch = (*store)->make_batch();
    batch->put({1, 0, row}, {"x", values, {}});
    return (*store)->write(*batch, true);
  };
  const auto sync = [&] {
    auto nothing = (*store)->make_batch();
    return (*store)->write(*nothing, true);
  };
  ASSERT_TRUE(write(1));
  FaultyDisk disk(dir.path());
  for (const int error : {ENOSPC, EROFS, EIO}) {
    disk.fail(1, error, true);
    EXPECT_EQ(refusal_of(write(2)), code_of(error));
    const auto refused = write(2);
    EXPECT_EQ(refusal_of(refused), code_of(error));
    EXPECT_THAT(refused.error().message, ::testing::Not(::testing::HasSubstr("/")));
    EXPECT_EQ(refusal_of(sync()), code_of(error));
    EXPECT_EQ(refusal_of((*store)->drop_index(7)), code_of(error));
    EXPECT_TRUE((*store)->get({1, 0, 1}));
    disk.heal();
    EXPECT_TRUE(sync());
    EXPECT_TRUE(write(3));
    EXPECT_TRUE((*store)->drop_index(7));
  }
  store->reset();
  store = VectorStore::open(dir.path());
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->get({1, 0, 1}));
  EXPECT_TRUE((*store)->get({1, 0, 3}));
}

TEST(DiskFaults, ASyncOfNothingSyncsTheRowsBeforeIt) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  const TempDir dir;
  FaultyDisk disk(dir.path());
  auto store = VectorStore::open(dir.path());
  ASSERT_TRUE(store);
  const std::vector<float> values = {1, 2, 3};
  for (std::uint64_t row = 0; row < 100; ++row) {
    auto batch = (*store)->make_batch();
    batch->put({1, 0, row}, {"x", values, {}});
    ASSERT_TRUE((*store)->write(*batch, false));
  }
  auto nothing = (*store)->make_batch();
  ASSERT_TRUE((*store)->write(*nothing, true));
  const TempDir image;
  disk.cut_power(image.path(), random);
  const auto after = VectorStore::open(image.path());
  ASSERT_TRUE(after) << after.error().message;
  std::uint64_t rows = 0;
  EXPECT_TRUE((*after)->scan(1, 0, 0, [&](std::uint64_t row, const RowView&) {
    return row == rows++;
  }));
  EXPECT_EQ(rows, 100u);
}

// Of unsynced batches a power cut may take the last ones, but none in part: a note that counts rows
// counts what is left of them.
TEST(DiskFaults, ANoteCountsTheRowsThatAPowerCutLeaves) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  const TempDir dir;
  FaultyDisk disk(dir.path());
  auto store = VectorStore::open(dir.path());
  ASSERT_TRUE(store);
  const std::vector<float> values(100, 1.5F);
  std::uint64_t written = 0;
  for (int cut = 0; cut < testing::cycles(30); ++cut) {
    for (auto batches = random() % 20; batches > 0; --batches) {
      auto batch = (*store)->make_batch();
      for (auto rows = 1 + random() % 50; rows > 0; --rows)
        batch->put({1, 0, written++}, {"x", values, {}});
      batch->put(Note{"rows", std::to_string(written)});
      ASSERT_TRUE((*store)->write(*batch, random() % 10 == 0));
    }
    const TempDir image;
    disk.cut_power(image.path(), random);
    const auto after = VectorStore::open(image.path());
    ASSERT_TRUE(after) << after.error().message;
    std::uint64_t left = 0;
    ASSERT_TRUE((*after)->scan(1, 0, 0, [&](std::uint64_t, const RowView&) { return ++left, true; })
    );
    const auto notes = (*after)->notes();
    ASSERT_TRUE(notes);
    ASSERT_EQ(notes->empty() ? "0" : notes->front().text, std::to_string(left)) << "cut " << cut;
    ASSERT_LE(left, written);
  }
}

TEST(DiskFaults, APowerCutLosesNothingAcknowledged) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  const int images_max = testing::cycles(60);
  int images = 0;
  while (images < images_max) {
    Store store;
    store.close();
    FaultyDisk disk(store.dir.path());
    store.open();
    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<std::uint64_t> configured{0};
    // The cut falls inside a call of the committer's thread, or of an opening: nothing is
    // acknowledged meanwhile, so the count is exact.
    disk.before_every(1 + static_cast<int>(random() % 7), [&] {
      if (images >= images_max) return;
      ++images;
      const std::uint64_t entries_min = acknowledged;
      const std::uint64_t revision_min = configured;
      const TempDir image;
      disk.cut_power(image.path(), random);
      const auto log = Log::open(image.path(), {});
      ASSERT_TRUE(log) << log.error().message;
      expect_numbered(**log, entries_min);
      ASSERT_LE((*log)->tail(), entries_min + 64);
      ASSERT_GE((*log)->config_get("k")->revision, revision_min);
    });
    std::uint64_t submitted = 0;
    for (int round = 0; round < 12; ++round) {
      for (auto n = random() % 64; n > 0; --n)
        store.committer().submit(Store::logging({progress("j", ++submitted)}), [&](auto outcome) {
          acknowledged = *outcome;
        });
      ASSERT_TRUE(store.committer().commit(Store::checking()));
      if (round % 3 == 0) {
        const auto put = store.log().config_put("k", "v", configured);
        ASSERT_TRUE(put);
        configured = *put;
      }
      if (round % 5 == 4)
        store.reopen();  // also files, manifests and the move from one to the next
    }
    ASSERT_EQ(acknowledged, submitted);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

}  // namespace
}  // namespace mlgraph::store
