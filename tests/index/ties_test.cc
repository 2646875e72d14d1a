// Equally near rows come in the order of their ids, however many there are, wherever they lie and
// in whatever order they were written: held against a plain sort of everything.
#include <algorithm>
#include <iostream>

#include "index/engine_fixture.h"
#include "store/seed.h"

namespace mlgraph::index {
namespace {

class TiesTest : public EngineTest {
 protected:
  TiesTest() { std::cout << "seed " << seed_ << " (MLG_SEED replays it)\n"; }

  /// v00000, v00001, … all at `values`, written in random order.
  void put_equal(
      const std::string& index, std::size_t from, std::size_t n, std::vector<float> values
  ) {
    std::vector<VectorRecord> rows;
    for (std::size_t i = from; i < from + n; ++i)
      rows.push_back({name(i), values, R"({"colour":"red"})"});
    std::shuffle(rows.begin(), rows.end(), random_);
    put(index, rows);
  }
  static std::string name(std::size_t i) { return fmt::format("v{:05}", i); }
  static std::vector<std::string> names(std::size_t from, std::size_t n) {
    std::vector<std::string> all;
    for (std::size_t i = from; i < from + n; ++i) all.push_back(name(i));
    return all;
  }

  const std::uint64_t seed_ = testing::seed();
  std::mt19937_64 random_{seed_};
};

TEST_F(TiesTest, TheFirstOfManyEqualVectorsByIdAreFound) {
  create(R"({"index_id":"t","dimension":3})");
  put_equal("t", 0, 12'000, {1, 2, 3});
  for (const bool exact : {false, true})
    for (const std::uint32_t k : {1U, 5U, 5'000U, 10'000U})
      EXPECT_EQ(nearest("t", {0, 0, 0}, k, exact), names(0, k)) << k << " exact " << exact;
}

TEST_F(TiesTest, NearerOnesThatComeLaterPushOutAllTies) {
  create(R"({"index_id":"t","dimension":2})");
  put_equal("t", 1'000, 5'000, {3, 4});
  put_equal("t", 100, 200, {1, 0});
  EXPECT_EQ(nearest("t", {0, 0}, 5), names(100, 5));
  auto wanted = names(100, 200);
  for (const auto& more : names(1'000, 100)) wanted.push_back(more);
  EXPECT_EQ(nearest("t", {0, 0}, 300), wanted);
}

TEST_F(TiesTest, InSealedPartsUnderFiltersAndAcrossShards) {
  create(R"({"index_id":"t","dimension":2,"num_shards":3})");
  put_equal("t", 0, 9'000, {1, 1});
  train("t");
  put_equal("t", 9'000, 1'000, {1, 1});  // in the heads
  const auto filter = parse_filter(parse(R"({"must":[{"key":"colour","match":"red"}]})")).value();
  for (const bool filtered : {false, true})
    for (const bool exact : {false, true}) {
      SearchRequest request;
      const std::vector<float> query = {2, 2};
      request.query = query;
      request.k = 9'500;
      request.exact = exact;
      request.filter = filtered ? &filter : nullptr;
      EXPECT_EQ(ids_of(engine_->search("t", request).value()), names(0, 9'500))
          << "filtered " << filtered << " exact " << exact;
    }
}

/// Whole numbers of a small grid: nearly every distance comes many times, and all are exact.
TEST_F(TiesTest, RandomGridsAgreeWithAPlainSort) {
  using Grid = std::map<std::string, std::vector<float>>;
  const auto grid_point = [&] {
    std::vector<float> values;
    for (int d = 0; d < 3; ++d) values.push_back(static_cast<float>(random_() % 4) + 1);
    return values;
  };
  const auto sorted = [](const Grid& rows, const std::vector<float>& query, bool l2) {
    std::vector<std::pair<float, std::string>> all;
    for (const auto& [id, row] : rows) {
      float distance = 0;
      for (std::size_t d = 0; d < 3; ++d)
        distance += l2 ? (row[d] - query[d]) * (row[d] - query[d]) : -row[d] * query[d];
      all.emplace_back(distance, id);
    }
    std::sort(all.begin(), all.end());
    std::vector<std::string> ids;
    for (const auto& [distance, id] : all) ids.push_back(id);
    return ids;
  };
  for (const std::string metric : {"L2", "IP"}) {
    create(fmt::format(
        R"({{"index_id":"{}","dimension":3,"metric_type":"{}","num_shards":2}})", metric, metric
    ));
    Grid alive;
    for (int round = 0; round < 4; ++round) {
      std::vector<VectorRecord> rows;
      for (int i = 0; i < 1'500; ++i) {
        rows.push_back({name(random_() % 4'000), grid_point(), {}});
        alive[rows.back().id] = rows.back().values;
      }
      put(metric, rows);
      if (round % 2 == 1) train(metric);
      const std::string gone =
          std::next(alive.begin(), static_cast<std::ptrdiff_t>(random_() % alive.size()))->first;
      const std::string_view id = gone;
      ASSERT_EQ(engine_->erase(metric, {&id, 1}).value(), 1U);
      alive.erase(gone);
      for (int search = 0; search < 5; ++search) {
        const auto query = grid_point();
        auto wanted = sorted(alive, query, metric == "L2");
        wanted.resize(1 + random_() % wanted.size());
        EXPECT_EQ(nearest(metric, query, static_cast<std::uint32_t>(wanted.size()), true), wanted)
            << metric << " round " << round;
      }
    }
  }
}

/// Rows of one direction and many lengths: what differs in a distance's last bit only is no tie,
/// and what is told as equal is.
TEST_F(TiesTest, CosinesThatAreToldAsEqualAreTies) {
  create(R"({"index_id":"c","dimension":3,"metric_type":"COSINE"})");
  std::vector<VectorRecord> rows;
  for (std::size_t i = 0; i < 3'000; ++i) {
    const float length = 1 + static_cast<float>(random_() % 1'000) / 7;
    rows.push_back({name(i), {length, 2 * length, 3 * length}, {}});
  }
  std::shuffle(rows.begin(), rows.end(), random_);
  put("c", rows);
  for (const std::vector<float>& query : {std::vector<float>{1, 2, 3}, {3, 2, 1}, {-3, 0, 1}}) {
    SearchRequest request;
    request.query = query;
    request.k = 3'000;
    const auto all = engine_->search("c", request).value().hits;
    ASSERT_EQ(all.size(), 3'000U);
    for (std::size_t i = 1; i < all.size(); ++i)
      ASSERT_LT(
          std::pair(all[i - 1].distance, all[i - 1].id), std::pair(all[i].distance, all[i].id)
      );
    const auto first = nearest("c", query, 700);
    for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(first[i], all[i].id) << i;
  }
}

}  // namespace
}  // namespace mlgraph::index
