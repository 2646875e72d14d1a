// A shard's rows in every tier, quantization and kind of part: found, counted, and there again
// after a restart.
#include <fstream>

#include "index/engine_fixture.h"

namespace mlgraph::index {
namespace {

constexpr std::size_t kDim = 24;

class TiersTest : public EngineTest {
 protected:
  static bool go_on(std::string_view, double) { return true; }
  void reseal(const std::string& index, Resealing kind) {
    const auto what = engine_->resealing_of(index, kind);
    ASSERT_TRUE(what) << what.error().message;
    for (const auto shard : what->shards) {
      const auto done = engine_->reseal(index, kind, shard, model::Reason::kManual, "", go_on);
      ASSERT_TRUE(done) << done.error().message;
    }
  }
  std::set<model::Tier> tiers(const std::string& index) {
    std::set<model::Tier> all;
    const auto object = engine_->get(index).value();
    for (const auto& shard : object.shards) {
      all.insert(shard.tier);
      EXPECT_EQ(shard.state, model::ShardState::kActive);
    }
    return all;
  }
  static double squared_distance(const float* a, const float* b) {
    double sum = 0;
    for (std::size_t d = 0; d < kDim; ++d) {
      const double apart = static_cast<double>(a[d]) - static_cast<double>(b[d]);
      sum += apart * apart;
    }
    return sum;
  }
  /// Share of the exact ten nearest that a plain search finds.
  double recall(const std::string& index, const std::map<std::string, std::vector<float>>& rows) {
    std::size_t found = 0, wanted = 0;
    for (const auto& [id, query] : clustered(60, kDim, 99, "q")) {
      std::vector<std::pair<double, const std::string*>> all;
      for (const auto& [name, row] : rows)
        all.emplace_back(squared_distance(row.data(), query.data()), &name);
      std::partial_sort(all.begin(), all.begin() + 10, all.end());
      std::set<std::string> truth;
      for (std::size_t i = 0; i < 10; ++i) truth.insert(*all[i].second);
      for (const auto& hit : nearest(index, query, 10)) found += truth.contains(hit) ? 1 : 0;
      wanted += truth.size();
    }
    return static_cast<double>(found) / static_cast<double>(wanted);
  }
};

using Kind = std::tuple<const char*, const char*>;  // index_type, quantization
class EveryTierTest : public TiersTest, public ::testing::WithParamInterface<Kind> {};

TEST_P(EveryTierTest, KeepsWhatIsSearchedAndSurvivesARestart) {
  const auto& [type, quantization] = GetParam();
  create(fmt::format(
      R"({{"index_id":"all","dimension":{},"num_shards":3,"index_type":"{}","quantization":"{}"}})",
      kDim,
      type,
      quantization
  ));
  auto rows = clustered(6'000, kDim, 1);
  put("all", rows);
  for (const auto kind : {Resealing::kTrain, Resealing::kMigrate, Resealing::kMerge}) {
    reseal("all", kind);
    EXPECT_GE(recall("all", rows), 0.93) << static_cast<int>(kind);
    const auto some = rows.begin()->first;
    rows[some] = std::vector<float>(kDim, 30);
    put("all", {{some, rows[some]}});
    EXPECT_EQ(nearest("all", rows[some], 1), (std::vector<std::string>{some}));
    restart();
    EXPECT_EQ(nearest("all", rows[some], 1, true), (std::vector<std::string>{some}));
    EXPECT_EQ(engine_->stats("all").value().vectors, rows.size());
    EXPECT_GE(recall("all", rows), 0.93) << static_cast<int>(kind);
  }
  EXPECT_EQ(tiers("all"), (std::set<model::Tier>{model::Tier::kMerged}));
  const std::filesystem::directory_iterator files(folder_ / "parts");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1)
      << "one file of all shards, the former ones are gone";
}

INSTANTIATE_TEST_SUITE_P(
    Kinds,
    EveryTierTest,
    ::testing::Combine(
        ::testing::Values("IVFFlat", "HNSW"), ::testing::Values("none", "f16", "int8")
    ),
    [](const auto& kind) {
      return fmt::format("{}_{}", std::get<0>(kind.param), std::get<1>(kind.param));
    }
);

TEST_F(TiersTest, FiltersFindAllThatMatchInEveryTier) {
  for (const auto* type : {"IVFFlat", "HNSW"}) {
    create(fmt::format(
        R"({{"index_id":"{}","dimension":{},"num_shards":2,"index_type":"{}"}})", type, kDim, type
    ));
    std::vector<VectorRecord> rows;
    std::size_t i = 0;
    for (const auto& [id, values] : clustered(4'000, kDim, 2)) {
      rows.push_back({id, values, fmt::format(R"({{"n":{},"half":{}}})", i, i % 2)});
      ++i;
    }
    put(type, rows);
    const auto few = parse_filter(parse(R"({"must":[{"key":"n","range":{"lt":25}}]})")).value();
    const auto half = parse_filter(parse(R"({"must":[{"key":"half","match":1}]})")).value();
    for (const auto kind : {Resealing::kTrain, Resealing::kMigrate, Resealing::kMerge}) {
      reseal(type, kind);
      SearchRequest request;
      request.query = rows.front().values;
      request.k = 50;
      request.filter = &few;
      EXPECT_EQ(engine_->search(type, request).value().hits.size(), 25U) << type;
      request.k = 2'500;
      request.filter = &half;
      EXPECT_EQ(engine_->search(type, request).value().hits.size(), 2'000U) << type;
    }
  }
}

TEST_F(TiersTest, CompactionLeavesNothingOfTheDeadInAnyTier) {
  create(fmt::format(R"({{"index_id":"c","dimension":{},"num_shards":2}})", kDim));
  auto rows = clustered(5'000, kDim, 3);
  put("c", rows);
  const auto halve = [&] {
    std::vector<std::string_view> ids;
    for (const auto& [id, row] : rows)
      if (ids.size() < rows.size() / 2) ids.push_back(id);
    ASSERT_EQ(engine_->erase("c", ids).value(), ids.size());
    while (rows.size() > 0 && ids.size() > 0) {
      const std::string gone(ids.back());
      ids.pop_back();
      rows.erase(gone);
    }
    EXPECT_GT(engine_->stats("c").value().deleted, 0U);
    reseal("c", Resealing::kCompact);
    EXPECT_EQ(engine_->stats("c").value().deleted, 0U);
    EXPECT_EQ(engine_->stats("c").value().vectors, rows.size());
    EXPECT_EQ(nearest("c", rows.begin()->second, 1, true).front(), rows.begin()->first);
    EXPECT_EQ(
        engine_->resealing_of("c", Resealing::kCompact).error().code, base::ErrorCode::kConflict
    );
  };
  halve();
  EXPECT_EQ(tiers("c"), (std::set<model::Tier>{model::Tier::kIdmap}));
  for (const auto kind : {Resealing::kTrain, Resealing::kMigrate, Resealing::kMerge}) {
    reseal("c", kind);
    const auto tier = tiers("c");
    halve();
    EXPECT_EQ(tiers("c"), tier);
    restart();
    EXPECT_EQ(engine_->stats("c").value().vectors, rows.size());
  }
}

TEST_F(TiersTest, ThresholdsAskForTheNextTier) {
  create(fmt::format(
      R"({{"index_id":"t","dimension":{},"num_shards":2,"tiering":{{"idmap_to_ivf":500,"ivf_to_ondisk":700,"merge":900}}}})",
      kDim
  ));
  const auto due = [&] { return engine_->due_resealings("t").value(); };
  EXPECT_TRUE(due().empty());
  put("t", clustered(1'200, kDim, 4));
  ASSERT_EQ(due().size(), 1U);
  EXPECT_EQ(due()[0].kind, Resealing::kTrain);
  reseal("t", Resealing::kTrain);
  EXPECT_TRUE(due().empty());
  put("t", clustered(400, kDim, 4, "w"));
  ASSERT_EQ(due().size(), 1U);
  EXPECT_EQ(due()[0].kind, Resealing::kMigrate);
  reseal("t", Resealing::kMigrate);
  EXPECT_TRUE(due().empty());
  put("t", clustered(600, kDim, 4, "x"));
  ASSERT_EQ(due().size(), 1U);
  EXPECT_EQ(due()[0].kind, Resealing::kMerge);
  EXPECT_EQ(due()[0].shards.size(), 1U);
  reseal("t", Resealing::kMerge);
  EXPECT_TRUE(due().empty());
  std::size_t merges = 0;
  for (const auto& move : moves_) merges += move.to_tier == model::Tier::kMerged ? 1 : 0;
  EXPECT_EQ(merges, 2U) << "one for each shard";
}

TEST_F(TiersTest, HalvesRefuseWhatTheyCannotHold) {
  create(R"({"index_id":"h","dimension":2,"quantization":"f16"})");
  const std::vector<float> values = {1, 70'000};
  const std::vector<std::string_view> ids = {"a"};
  const auto checked = engine_->check_rows("h", {2, values, ids, {}});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, base::ErrorCode::kInvalidVector);
  EXPECT_EQ(checked.error().member, "vectors[0].values[1]");
  EXPECT_NE(checked.error().message.find("65504"), std::string::npos) << checked.error().message;
}

TEST_F(TiersTest, ADamagedPartOfAnyKindIsMadeAnewWhateverByteIsHit) {
  for (const auto* type : {"IVFFlat", "HNSW"}) {
    create(fmt::format(R"({{"index_id":"{}","dimension":{},"index_type":"{}"}})", type, kDim, type)
    );
    const auto rows = clustered(600, kDim, 5);
    put(type, rows);
    std::mt19937_64 random(6);
    for (int round = 0; round < 12; ++round) {
      reseal(type, Resealing::kTrain);
      stop();
      std::filesystem::path file;
      const auto number = type == std::string("IVFFlat") ? "1-" : "2-";
      for (const auto& each : std::filesystem::directory_iterator(folder_ / "parts"))
        if (each.path().filename().string().starts_with(number)) file = each.path();
      const auto size = std::filesystem::file_size(file);
      if (round % 4 == 3) {
        std::filesystem::resize_file(file, random() % size);
      } else {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        // The end holds the counts: every other round hits those.
        const auto at = static_cast<std::streamoff>(
            round % 2 == 0 ? random() % size
                           : size - 1 - random() % std::min<std::size_t>(size, 370)
        );
        bytes.seekg(at);
        const auto was = static_cast<char>(bytes.get());
        bytes.seekp(at);
        bytes.put(static_cast<char>(was ^ (1 << random() % 8)));
      }
      start();
      EXPECT_EQ(engine_->stats(type).value().vectors, rows.size());
      EXPECT_EQ(nearest(type, rows.begin()->second, 1).front(), rows.begin()->first);
      EXPECT_EQ(tiers(type), (std::set<model::Tier>{model::Tier::kIdmap})) << "load_failed";
    }
  }
}

}  // namespace
}  // namespace mlgraph::index
