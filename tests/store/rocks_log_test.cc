// The log on disk: reopening, reading, retention and configuration, on real databases.
#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using testing::created;
using ::testing::HasSubstr;
using testing::progress;
using testing::refusal_of;
using testing::Store;
using testing::TempDir;

constexpr std::uint64_t kBlock = BlockSummary::kEntries;  // retention drops whole blocks

/// Commits job.progress entries until the log's tail is `seq`.
void fill_to(Store& store, std::uint64_t seq, std::size_t padding = 0) {
  std::vector<Command> commands;
  for (auto n = store.log().tail() + 1; n <= seq; ++n) {
    auto job = testing::a_job("j");
    job.processed = n;
    job.phase.assign(padding, 'x');
    commands.push_back(Store::logging({testing::job_event(model::EventKind::kJobProgress, job)}));
  }
  for (const auto& outcome : store.commit_together(std::move(commands))) ASSERT_TRUE(outcome);
}

TEST(RocksLog, ANewOneIsEmptyAndHasAnEpoch) {
  Store store;
  EXPECT_THAT(store.log().epoch(), ::testing::MatchesRegex("[0-9a-z]+"));
  EXPECT_EQ(store.log().epoch().size(), 12u);
  EXPECT_EQ(store.log().tail(), 0u);
  EXPECT_EQ(store.log().oldest(), 1u);
  EXPECT_TRUE(store.log().read(1, 1'000)->empty());
  const auto epoch = store.log().epoch();
  store.reopen();
  EXPECT_EQ(store.log().epoch(), epoch);
  EXPECT_NE(Store().log().epoch(), epoch);
}

TEST(RocksLog, ReadsFromAnyPlaceInBoundedSteps) {
  Store store;
  fill_to(store, 50);
  for (std::uint64_t from = 1; from <= 51; ++from) {
    const auto entries = store.log().read(from, 1 << 20);
    ASSERT_TRUE(entries);
    EXPECT_EQ(entries->size(), 51 - from);
    if (!entries->empty()) {
      EXPECT_EQ(entries->front()->seq, from);
    }
  }
  EXPECT_EQ(store.log().read(1, 1)->size(), 1u) << "at least one, however large";
  const auto some = store.log().read(1, 2'000);
  EXPECT_GT(some->size(), 1u);
  EXPECT_LT(some->size(), 20u);
  EXPECT_TRUE(store.log().read(1'000, 1)->empty());
  EXPECT_EQ(refusal_of(store.log().read(0, 1)), ErrorCode::kCursorExpired);
}

TEST(RocksLog, RetentionByBytesDropsTheOldestBlocks) {
  Store store({.bytes_max = 1 << 20});
  fill_to(store, kBlock * 4);
  ASSERT_TRUE(store.log().trim(store.clock.wall_now()));
  const auto oldest = store.log().oldest();
  EXPECT_GT(oldest, 1u);
  EXPECT_EQ(oldest % kBlock, 0u);
  const auto expired = store.log().read(oldest - 1, 1);
  EXPECT_EQ(refusal_of(expired), ErrorCode::kCursorExpired);
  EXPECT_THAT(expired.error().message, HasSubstr(std::to_string(oldest)));
  EXPECT_EQ(store.log().read(oldest, 1)->front()->seq, oldest);
  EXPECT_EQ(testing::read_all(store.log(), 1 << 20).size(), kBlock * 4 - oldest + 1);

  const auto state = testing::text_of(*store.committer().state());
  store.reopen();
  EXPECT_EQ(store.log().oldest(), oldest);
  EXPECT_EQ(store.log().tail(), kBlock * 4);
  EXPECT_EQ(testing::text_of(*store.committer().state()), state) << "state outlives its entries";
  EXPECT_EQ(store.commit(created("a")), kBlock * 4 + 1);
  ASSERT_TRUE(store.log().trim(store.clock.wall_now()));
  EXPECT_EQ(store.log().oldest(), oldest) << "sizes are known after a restart, and fit";
}

TEST(RocksLog, RetentionByAgeWorksAcrossARestart) {
  Store store({.age_max = std::chrono::hours(24)});
  fill_to(store, kBlock * 2 + 10);
  store.reopen();
  ASSERT_TRUE(store.log().trim(store.clock.wall_now()));
  EXPECT_EQ(store.log().oldest(), 1u);
  store.clock.advance(std::chrono::hours(23));
  fill_to(store, kBlock * 3 + 10);
  store.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(store.log().trim(store.clock.wall_now()));
  EXPECT_EQ(store.log().oldest(), kBlock * 2) << "the block begun yesterday was ended today";
  store.clock.advance(std::chrono::hours(24 * 365));
  ASSERT_TRUE(store.log().trim(store.clock.wall_now()));
  EXPECT_EQ(store.log().oldest(), kBlock * 3) << "the newest block always stays";
  EXPECT_EQ(store.log().tail(), kBlock * 3 + 10);
}

TEST(RocksLog, TheCommitterTrimsNowAndThen) {
  Store store({.age_max = std::chrono::hours(1)});
  fill_to(store, kBlock * 2);
  store.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(store.commit(created("a")));
  store.committer().stop();  // the trim follows the group
  EXPECT_GT(store.log().oldest(), 1u);
}

TEST(RocksLog, ReadersMeetTrimmingWithoutAHole) {
  Store store({.bytes_max = 300'000});
  std::atomic<bool> over{false};
  std::thread reader([&] {
    while (!over) {
      const auto from = store.log().oldest();
      if (const auto entries = store.log().read(from, 100'000)) {
        for (std::size_t i = 0; i < entries->size(); ++i) ASSERT_EQ((*entries)[i]->seq, from + i);
      } else {
        ASSERT_EQ(entries.error().code, ErrorCode::kCursorExpired) << entries.error().message;
      }
    }
  });
  for (std::uint64_t block = 1; block <= 6; ++block) {
    store.clock.advance(std::chrono::seconds(6));
    fill_to(store, block * kBlock);
  }
  over = true;
  reader.join();
  EXPECT_GT(store.log().oldest(), kBlock);
}

TEST(RocksLog, ConfigurationIsComparedAndSet) {
  Store store;
  auto& log = store.log();
  EXPECT_EQ(log.config_get("token/a")->revision, 0u);
  EXPECT_EQ(log.config_put("token/a", "one", 0), 1u);
  EXPECT_EQ(refusal_of(log.config_put("token/a", "two", 0)), ErrorCode::kConflict);
  EXPECT_EQ(refusal_of(log.config_put("token/a", "two", 2)), ErrorCode::kConflict);
  EXPECT_EQ(log.config_put("token/a", "two", 1), 2u);
  EXPECT_EQ(log.config_get("token/a")->value, "two");
  EXPECT_EQ(refusal_of(log.config_delete("token/a", 1)), ErrorCode::kConflict);
  EXPECT_TRUE(log.config_delete("token/a", 2));
  EXPECT_EQ(log.config_get("token/a")->revision, 0u);
  EXPECT_EQ(refusal_of(log.config_delete("token/a", 2)), ErrorCode::kConflict);
  EXPECT_EQ(log.config_put("token/a", "", 0), 1u) << "an empty value is a value";
  EXPECT_EQ(log.config_get("token/a")->revision, 1u);
}

TEST(RocksLog, ConfigurationIsListedByPrefixAndSurvives) {
  Store store;
  for (const auto* key : {"token/b", "rule/x", "token/a", "token", "tokenx", "zz"})
    ASSERT_TRUE(store.log().config_put(key, std::string("value of ") + key, 0));
  store.reopen();
  const auto tokens = store.log().config_list("token/");
  ASSERT_TRUE(tokens);
  ASSERT_EQ(tokens->size(), 2u);
  EXPECT_EQ((*tokens)[0].first, "token/a");
  EXPECT_EQ((*tokens)[1].second.value, "value of token/b");
  EXPECT_EQ(store.log().config_list("")->size(), 6u);
  EXPECT_TRUE(store.log().config_list("none")->empty());
}

TEST(RocksLog, OfManyWritersOfOneKeyEachRevisionHasOne) {
  Store store;
  std::atomic<int> won{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer)
    writers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto seen = store.log().config_get("k");
        if (store.log().config_put("k", "v", seen->revision)) ++won;
      }
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(store.log().config_get("k")->revision, static_cast<std::uint64_t>(won));
}

/// The log's database opened behind its back, to damage it.
class Saboteur {
 public:
  explicit Saboteur(const Store& store) {
    const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
        {rocksdb::kDefaultColumnFamilyName, {}}, {"entries", {}}, {"state", {}}, {"config", {}}};
    rocksdb::DB* raw = nullptr;
    MLG_CHECK(rocksdb::DB::Open({}, store.dir / "log", families, &families_, &raw).ok());
    db_.reset(raw);
  }
  ~Saboteur() {
    for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
  }
  void put(std::size_t family, const std::string& key, const std::string& value) {
    MLG_CHECK(db_->Put({}, families_[family], key, value).ok());
  }
  void erase(std::size_t family, const std::string& key) {
    MLG_CHECK(db_->Delete({}, families_[family], key).ok());
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};
const std::string kThird("\0\0\0\0\0\0\0\x03", 8);
constexpr std::size_t kEntries = 1;
constexpr std::size_t kState = 2;

TEST(RocksLog, ADamagedRecordOrAHoleIsToldNotPassedOver) {
  for (const bool hole : {false, true}) {
    Store store;
    fill_to(store, 5);
    store.close();
    {
      Saboteur saboteur(store);
      hole ? saboteur.erase(kEntries, kThird) : saboteur.put(kEntries, kThird, "\x01\x05");
    }
    store.open();
    const auto entries = store.log().read(1, 1 << 20);
    EXPECT_EQ(refusal_of(entries), ErrorCode::kCorrupt);
    EXPECT_THAT(entries.error().message, HasSubstr("3"));
    EXPECT_EQ(store.log().read(4, 1 << 20)->size(), 2u);
  }
}

TEST(RocksLog, AStateThatIsNotTheLogsIsCorrupt) {
  Store store;
  fill_to(store, 5);
  store.close();
  Saboteur(store).erase(kState, "meta");
  const auto log = Log::open(store.dir.path(), {});
  ASSERT_TRUE(log);
  EXPECT_EQ(refusal_of((*log)->load_state()), ErrorCode::kCorrupt);
}

TEST(RocksLog, AStateThatDoesNotParseIsCorrupt) {
  for (const auto* key : {"meta", "job/j", "index/a", "alert/a", "surprise"}) {
    Store store;
    fill_to(store, 1);
    store.close();
    Saboteur(store).put(kState, key, "{}");
    const auto log = Log::open(store.dir.path(), {});
    ASSERT_TRUE(log);
    EXPECT_EQ(refusal_of((*log)->load_state()), ErrorCode::kCorrupt) << key;
  }
}

TEST(RocksLog, TwoCannotOpenOneFolder) {
  Store store;
  const auto second = Log::open(store.dir.path(), {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("opening the log"));
}

}  // namespace
}  // namespace mlgraph::store
