// Distances of vectors at the ends of what 32 bits can hold: finite, in the right order, and no
// match lost, while rows are flat and once they are sealed.
#include "index/distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "index/engine_fixture.h"

namespace mlgraph::index {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

class FarDistanceTest : public EngineTest {
 protected:
  std::vector<Hit> hits(
      const std::string& index, const std::vector<float>& query, bool exact = true
  ) {
    SearchRequest request;
    request.query = query;
    request.k = 100;
    request.exact = exact;
    return engine_->search(index, request).value().hits;
  }
};

TEST_F(FarDistanceTest, InfinitiesThatCancelOutAreNoHole) {
  create(R"({"index_id":"ip","dimension":2,"metric_type":"IP"})");
  put("ip", {{"huge", {3e38F, 3e38F}}, {"near", {1, -1}}, {"far", {-1, 1}}});
  const auto found = hits("ip", {10, -10});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].id, "near");
  EXPECT_EQ(found[1].id, "huge");
  EXPECT_EQ(found[1].distance, 0);
  EXPECT_EQ(found[2].id, "far");
}

TEST_F(FarDistanceTest, DistancesBeyond32BitsAreFiniteAndOrdered) {
  create(R"({"index_id":"l2","dimension":2})");
  put("l2",
      {{"a", {0, 0}},
       {"b", {1e19F, 0}},
       {"c", {1e30F, 0}},
       {"d", {kLargest, 0}},
       {"e", {kLargest, kLargest}},
       {"f", {-kLargest, -kLargest}}});
  const auto found = hits("l2", {kLargest, kLargest});
  std::string order;
  for (const auto& hit : found) {
    EXPECT_TRUE(std::isfinite(hit.distance)) << hit.id;
    order += hit.id;
  }
  EXPECT_EQ(order, "edcabf");  // b is nearer than a by less than 64 bits tell: a tie
  const auto largest = static_cast<double>(kLargest);
  EXPECT_DOUBLE_EQ(found.back().distance, 8 * largest * largest);
}

TEST_F(FarDistanceTest, SealedPartsWithHugeRowsLoseNothing) {
  for (const std::string metric : {"L2", "IP", "COSINE"}) {
    create(fmt::format(R"({{"index_id":"{}","dimension":8,"metric_type":"{}"}})", metric, metric));
    put(metric, clustered(3'000, 8, 1));
    std::map<std::string, std::vector<float>> huge;
    std::mt19937_64 random(5);
    for (int i = 0; i < 50; ++i) {
      auto& row = huge["huge" + std::to_string(i)];
      for (int d = 0; d < 8; ++d) row.push_back((random() % 2 == 0 ? 1.0F : -1.0F) * kLargest);
    }
    put(metric, huge);
    train(metric);
    EXPECT_EQ(engine_->get(metric).value().shards[0].tier, model::Tier::kIvf);
    // The huge ones are found among themselves, and do not hide the others from one another.
    const auto query = huge.at("huge7");
    EXPECT_EQ(
        hits(metric, query, false).front().distance, hits(metric, query, true).front().distance
    ) << metric;
    std::size_t same = 0;
    const auto others = clustered(3'000, 8, 1);
    for (int i = 0; i < 50; ++i) {
      const auto& near = others.at("v" + std::to_string(i * 7));
      const auto exact = nearest(metric, near, 10, true);
      const auto probed = nearest(metric, near, 10);
      for (const auto& id : exact)
        same += static_cast<std::size_t>(std::count(probed.begin(), probed.end(), id));
    }
    EXPECT_GE(same, 475U) << metric << ": recall of 50 ordinary queries";
    EXPECT_EQ(hits(metric, query).size(), 100U);
  }
}

TEST_F(FarDistanceTest, SetsOfHugeRowsAloneAreClusteredToo) {
  create(R"({"index_id":"h","dimension":4})");
  auto rows = clustered(2'000, 4, 3);
  for (auto& [id, row] : rows)
    for (auto& x : row) x *= 1e30F;
  put("h", rows);
  train("h");
  std::size_t same = 0;
  for (int i = 0; i < 50; ++i) {
    const auto& query = rows.at("v" + std::to_string(i * 7));
    const auto exact = nearest("h", query, 10, true);
    const auto probed = nearest("h", query, 10);
    EXPECT_EQ(probed.front(), "v" + std::to_string(i * 7));
    for (const auto& id : exact)
      same += static_cast<std::size_t>(std::count(probed.begin(), probed.end(), id));
  }
  EXPECT_GE(same, 475U);
}

TEST(Distance, OrdinaryOnesArePlain32Bits) {
  const std::vector<float> query = {1, 0};
  const std::vector<float> rows = {0, 1, 1, 0, -1, 0};
  std::array<float, 3> out{};
  ASSERT_TRUE(Distance(model::Metric::kL2, query).measure(rows.data(), 3, out.data()));
  EXPECT_EQ(out, (std::array<float, 3>{2, 0, 4}));
  ASSERT_TRUE(Distance(model::Metric::kInnerProduct, query).measure(rows.data(), 3, out.data()));
  EXPECT_EQ(out, (std::array<float, 3>{0, -1, 1}));
  EXPECT_FALSE(std::signbit(out[0]));
  ASSERT_TRUE(Distance(model::Metric::kCosine, query).measure(rows.data(), 3, out.data()));
  EXPECT_EQ(out, (std::array<float, 3>{1, 0, 2}));
}

}  // namespace
}  // namespace mlgraph::index
