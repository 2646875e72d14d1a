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
