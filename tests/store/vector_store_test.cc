// Vector rows on disk beside a plain map of what they should be.
#include "store/vector_store.h"

#include <limits>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include "store/seed.h"
#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using testing::refusal_of;
using testing::TempDir;

class VectorStoreTest : public ::testing::Test {
 protected:
  VectorStoreTest() { reopen(); }

  void reopen() {
    store_.reset();
    auto opened = VectorStore::open(dir_.path());
    MLG_CHECK(opened.has_value());
    store_ = std::move(*opened);
  }
  void put(
      RowKey key, const std::string& id, std::vector<float> values, std::string metadata = {}
  ) {
    auto batch = store_->make_batch();
    batch->put(key, {id, values, metadata});
    ASSERT_TRUE(store_->write(*batch, true));
  }
  void erase(RowKey key) {
    auto batch = store_->make_batch();
    batch->erase(key);
    ASSERT_TRUE(store_->write(*batch, true));
  }
  [[nodiscard]] std::vector<std::uint64_t> rows(
      std::uint32_t index, std::uint32_t shard, std::uint64_t from = 0
  ) const {
    std::vector<std::uint64_t> found;
    const auto scanned = store_->scan(index, shard, from, [&](std::uint64_t row, const RowView&) {
      found.push_back(row);
      return true;
    });
    EXPECT_TRUE(scanned);
    return found;
  }

  TempDir dir_;
  std::unique_ptr<VectorStore> store_;
};

TEST_F(VectorStoreTest, ARowReadsBackBitForBit) {
  const std::vector<float> odd = {
      0.0F,
      -0.0F,
      std::numeric_limits<float>::denorm_min(),
      std::numeric_limits<float>::max(),
      std::numeric_limits<float>::quiet_NaN(),
      -1.5F};
  const std::string id = std::string("id\0with\nall\xff", 13) + std::string(115, 'x');
  ASSERT_EQ(id.size(), 128u);
  put({1, 2, 3}, id, odd, "{\"text\":\"grüße\"}");
  for (int opened = 0; opened < 2; ++opened, reopen()) {
    const auto row = store_->get({1, 2, 3});
    ASSERT_TRUE(row);
    EXPECT_EQ(row->id, id);
    EXPECT_EQ(row->metadata, "{\"text\":\"grüße\"}");
    ASSERT_EQ(row->values.size(), odd.size());
    EXPECT_EQ(std::memcmp(row->values.data(), odd.data(), odd.size() * sizeof(float)), 0);
  }
}

TEST_F(VectorStoreTest, IdsOfAnyLengthKeepTheirNeighboursApart) {
  for (std::size_t size = 1; size <= 128; ++size)
    put({1, 0, size}, std::string(size, 'i'), {1, 2, 3}, std::string(size % 7, 'm'));
  for (std::size_t size = 1; size <= 128; ++size) {
    const auto row = store_->get({1, 0, size});
    ASSERT_TRUE(row);
    EXPECT_EQ(row->id, std::string(size, 'i'));
    EXPECT_EQ(row->metadata, std::string(size % 7, 'm'));
    EXPECT_THAT(row->values, ElementsAre(1, 2, 3));
  }
}

TEST_F(VectorStoreTest, TheLargestRowFits) {
  const std::vector<float> values(16'384, 0.25F);
  const std::string metadata(16 * 1024, 'm');
  put({1, 0, 0}, std::string(128, 'i'), values, metadata);
  EXPECT_EQ(store_->get({1, 0, 0})->values, values);
  EXPECT_EQ(store_->get({1, 0, 0})->metadata, metadata);
}

TEST_F(VectorStoreTest, ScansGoInRowOrderWithinOneShard) {
  for (const std::uint64_t row : {0ULL, 255ULL, 256ULL, 1ULL << 32, ~0ULL}) {
    put({7, 255, row}, "a", {1});
    put({7, 256, row}, "b", {2});
    put({7, 0, row}, "c", {3});
    put({256, 255, row}, "d", {4});
  }
  EXPECT_THAT(rows(7, 255), ElementsAre(0, 255, 256, 1ULL << 32, ~0ULL));
  EXPECT_THAT(rows(7, 255, 256), ElementsAre(256, 1ULL << 32, ~0ULL));
  EXPECT_THAT(rows(7, 255, 257), ElementsAre(1ULL << 32, ~0ULL));
  EXPECT_EQ(rows(256, 255).size(), 5u);
  EXPECT_TRUE(rows(7, 1).empty());
  EXPECT_TRUE(rows(8, 0).empty());
}

TEST_F(VectorStoreTest, AScanStopsWhenItsVisitorHasEnough) {
  for (std::uint64_t row = 0; row < 10; ++row) put({1, 0, row}, "x", {1});
  int visited = 0;
  EXPECT_TRUE(store_->scan(1, 0, 0, [&](std::uint64_t, const RowView&) { return ++visited < 3; }));
  EXPECT_EQ(visited, 3);
}

TEST_F(VectorStoreTest, AScanMayWriteAndSeesTheRowsAsTheyStoodAtItsBegin) {
  for (std::uint64_t row = 0; row < 4; ++row) put({1, 0, row}, "x", {1});
  std::vector<std::uint64_t> seen;
  EXPECT_TRUE(store_->scan(1, 0, 0, [&](std::uint64_t row, const RowView&) {
    seen.push_back(row);
    erase({1, 0, row + 1});
    put({1, 0, row + 100}, "y", {2});
    return true;
  }));
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3));
}

TEST_F(VectorStoreTest, ASnapshotIsOneMomentOfAllShards) {
  for (std::uint32_t shard = 0; shard < 3; ++shard)
    for (std::uint64_t row = 0; row < 4; ++row)
      put({7, shard, row}, "x", {static_cast<float>(shard)});
  put({6, 0, 0}, "before", {1});
  put({8, 0, 0}, "behind", {1});
  const auto snapshot = store_->snapshot();
  for (std::uint32_t shard = 0; shard < 3; ++shard) {
    erase({7, shard, 1});
    put({7, shard, 9}, "later", {9});
    put({7, shard, 2}, "changed", {9});
  }
  for (int times = 0; times < 2; ++times) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> seen;
    EXPECT_TRUE(snapshot->scan_index(7, [&](const RowKey& key, const RowView& view) {
      EXPECT_EQ(key.index_number, 7U);
      EXPECT_EQ(view.id, "x");
      EXPECT_EQ(view.values[0], static_cast<float>(key.shard));
      seen.emplace_back(key.shard, key.row);
      return true;
    }));
    EXPECT_EQ(seen.size(), 12U);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  }
  int visited = 0;
  EXPECT_TRUE(snapshot->scan_index(7, [&](const RowKey&, const RowView&) { return ++visited < 5; })
  );
  EXPECT_EQ(visited, 5);
  EXPECT_EQ(rows(7, 0), (std::vector<std::uint64_t>{0, 2, 3, 9})) << "the store has gone on";
}

TEST_F(VectorStoreTest, MissingRowsAreToldInTheirPlace) {
  put({1, 0, 1}, "one", {1});
  put({1, 0, 3}, "three", {3});
  const std::vector<RowKey> keys = {{1, 0, 3}, {1, 0, 2}, {1, 0, 1}, {1, 0, 3}, {2, 0, 1}};
  const auto found = store_->get_many(keys);
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found[0]->id, "three");
  EXPECT_EQ(refusal_of(found[1]), ErrorCode::kNotFound);
  EXPECT_EQ(found[2]->id, "one");
  EXPECT_EQ(found[3]->id, "three");
  EXPECT_EQ(refusal_of(found[4]), ErrorCode::kNotFound);
  EXPECT_EQ(refusal_of(store_->get({1, 0, 2})), ErrorCode::kNotFound);
  EXPECT_TRUE(store_->get_many({}).empty());
}

TEST_F(VectorStoreTest, ABatchIsOneWriteInItsOrder) {
  auto batch = store_->make_batch();
  EXPECT_LT(batch->bytes(), 64u);
  const std::vector<float> values(100, 1.0F);
  batch->put({1, 0, 1}, {"first", values, {}});
  batch->put({1, 0, 1}, {"second", values, {}});
  batch->put({1, 0, 2}, {"gone", values, {}});
  batch->erase({1, 0, 2});
  EXPECT_GT(batch->bytes(), 3 * values.size() * sizeof(float));
  ASSERT_TRUE(store_->write(*batch, false));
  EXPECT_EQ(store_->get({1, 0, 1})->id, "second");
  EXPECT_EQ(refusal_of(store_->get({1, 0, 2})), ErrorCode::kNotFound);
}

TEST_F(VectorStoreTest, AnEmptyBatchMaySync) {
  put({1, 0, 1}, "one", {1});
  auto batch = store_->make_batch();
  EXPECT_TRUE(store_->write(*batch, false));
  EXPECT_TRUE(store_->write(*batch, true));
}

TEST_F(VectorStoreTest, DroppingAnIndexLeavesTheOthers) {
  for (std::uint32_t index = 1; index <= 3; ++index)
    for (std::uint32_t shard = 0; shard < 3; ++shard)
      for (std::uint64_t row = 0; row < 20; ++row) put({index, shard, row}, "x", {1, 2});
  reopen();  // into files, where a drop removes whole ones
  put({2, 1, 99}, "newer", {3});
  ASSERT_TRUE(store_->drop_index(2));
  for (int opened = 0; opened < 2; ++opened, reopen())
    for (std::uint32_t shard = 0; shard < 3; ++shard) {
      EXPECT_EQ(rows(1, shard).size(), 20u);
      EXPECT_TRUE(rows(2, shard).empty());
      EXPECT_EQ(rows(3, shard).size(), 20u);
    }
  ASSERT_TRUE(store_->drop_index(2)) << "again is harmless";
  put({2, 0, 5}, "anew", {1, 2});
  EXPECT_THAT(rows(2, 0), ElementsAre(5));
}

TEST_F(VectorStoreTest, DiskBytesGrowWithTheRows) {
  const auto before = store_->disk_bytes();
  for (std::uint64_t row = 0; row < 50; ++row) put({1, 0, row}, "x", std::vector<float>(1'000, 1));
  EXPECT_GE(store_->disk_bytes(), before + 50 * 4'000);
}

TEST_F(VectorStoreTest, ADamagedRowIsCorrupt) {
  put({1, 0, 1}, "fine", {1});
  store_.reset();
  const std::string key("\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
  for (const std::string& value :
       {std::string(),
        std::string("\x05"
                    "ab"),
        std::string("\x01x\xff\xff\xff\xff", 6),
        std::string("\x01x\0\0\0\0abc", 9),
        std::string("\x01x\0\0", 4)}) {
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, dir_ / "vectors", &raw).ok());
    ASSERT_TRUE(raw->Put({}, key, value).ok());
    delete raw;
    reopen();
    EXPECT_EQ(refusal_of(store_->get({1, 0, 2})), ErrorCode::kCorrupt);
    const auto keys = std::vector<RowKey>{{1, 0, 2}, {1, 0, 1}};
    const auto both = store_->get_many(keys);
    EXPECT_EQ(refusal_of(both[0]), ErrorCode::kCorrupt);
    EXPECT_TRUE(both[1]);
    const auto scanned = store_->scan(1, 0, 0, [](std::uint64_t, const RowView&) { return true; });
    EXPECT_EQ(refusal_of(scanned), ErrorCode::kCorrupt);
    store_.reset();
  }
}

TEST_F(VectorStoreTest, ManyThreadsWriteAndReadTheirOwn) {
  std::vector<std::thread> threads;
  for (std::uint32_t shard = 0; shard < 4; ++shard)
    threads.emplace_back([&, shard] {
      for (std::uint64_t row = 0; row < 100; ++row) {
        put({1, shard, row}, std::to_string(row), {static_cast<float>(row)});
        EXPECT_EQ(store_->get({1, shard, row})->id, std::to_string(row));
      }
    });
  for (auto& thread : threads) thread.join();
  for (std::uint32_t shard = 0; shard < 4; ++shard) EXPECT_EQ(rows(1, shard).size(), 100u);
}

TEST_F(VectorStoreTest, BehavesAsAMapUnderRandomOperations) {
  const auto seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;
  struct Row {
    std::string id;
    std::vector<float> values;
    std::string metadata;
  };
  std::map<Key, Row> model;
  const auto random_key = [&] {
    return Key{
        static_cast<std::uint32_t>(1 + below(3)), static_cast<std::uint32_t>(below(3)), below(40)};
  };
  const auto to_key = [](const Key& key) {
    return RowKey{std::get<0>(key), std::get<1>(key), std::get<2>(key)};
  };
  for (int step = 0; step < 400; ++step) {
    const auto choice = below(100);
    if (choice < 60) {
      auto batch = store_->make_batch();
      for (auto n = below(8); n > 0; --n) {
        const auto key = random_key();
        if (below(4) == 0) {
          batch->erase(to_key(key));
          model.erase(key);
          continue;
        }
        Row row{
            std::string(1 + below(128), 'i'),
            std::vector<float>(below(64), static_cast<float>(below(1'000))),
            std::string(below(100), 'm')};
        batch->put(to_key(key), {row.id, row.values, row.metadata});
        model[key] = std::move(row);
      }
      ASSERT_TRUE(store_->write(*batch, below(3) == 0));
    } else if (choice < 80) {
      const auto key = random_key();
      const auto row = store_->get(to_key(key));
      const auto expected = model.find(key);
      ASSERT_EQ(row.has_value(), expected != model.end());
      if (row) {
        ASSERT_EQ(row->id, expected->second.id);
        ASSERT_EQ(row->values, expected->second.values);
        ASSERT_EQ(row->metadata, expected->second.metadata);
      }
    } else if (choice < 94) {
      const auto key = random_key();
      const auto [index, shard, from] = key;
      std::vector<std::uint64_t> expected;
      for (auto it = model.lower_bound(key);
           it != model.end() && std::get<0>(it->first) == index && std::get<1>(it->first) == shard;
           ++it)
        expected.push_back(std::get<2>(it->first));
      ASSERT_EQ(rows(index, shard, from), expected);
    } else if (choice < 97) {
      const auto index = static_cast<std::uint32_t>(1 + below(3));
      ASSERT_TRUE(store_->drop_index(index));
      std::erase_if(model, [&](const auto& item) { return std::get<0>(item.first) == index; });
    } else {
      reopen();
    }
  }
}

TEST_F(VectorStoreTest, NotesStandBesideTheRowsUntilTheyAreErased) {
  const auto keys = [&] {
    std::string all;
    const auto notes = store_->notes().value();
    for (const auto& note : notes) all += note.key + "=" + note.text + " ";
    return all;
  };
  EXPECT_EQ(keys(), "");
  auto batch = store_->make_batch();
  batch->put(Note{"b", "1"});
  const std::vector<float> values = {1, 2};
  batch->put({1, 0, 7}, {"x", values, {}});
  batch->put(Note{"a", std::string("\0\xff", 2)});
  ASSERT_TRUE(store_->write(*batch, true));
  reopen();
  EXPECT_EQ(keys(), std::string("a=\0\xff b=1 ", 9));
  EXPECT_THAT(rows(1, 0), ElementsAre(7));
  EXPECT_THAT(rows(0, 0), ElementsAre()) << "a note is no row";

  auto again = store_->make_batch();
  again->put(Note{"b", "2"});
  again->erase_note("a");
  again->erase_note("never there");
  ASSERT_TRUE(store_->write(*again, false));
  EXPECT_EQ(keys(), "b=2 ");
  ASSERT_TRUE(store_->drop_index(1));
  EXPECT_EQ(keys(), "b=2 ");
}

}  // namespace
}  // namespace mlgraph::store
