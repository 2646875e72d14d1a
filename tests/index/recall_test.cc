// Recall of searches that are not told how many lists to probe, for queries that are not in the
// set, against exact search: for each metric, for few and many neighbours, with and without
// filters.
#include <cmath>

#include "index/engine_fixture.h"

namespace mlgraph::index {
namespace {

struct DataSet {
  const char* name;
  const char* metric;
  std::size_t dim;
  bool clustered;
  bool mixed_norms;
};

class RecallTest : public EngineTest, public ::testing::WithParamInterface<DataSet> {
 protected:
  static constexpr std::size_t kRows = 6'000;
  static constexpr std::size_t kQueries = 100;

  void SetUp() override {
    EngineTest::SetUp();
    for (std::size_t c = 0; c < 60; ++c) centres_.push_back(gauss(2));
    std::vector<VectorRecord> rows;
    for (std::size_t i = 0; i < kRows; ++i) {
      auto values = point();
      // "side" follows where a row lies, the others do not.
      const auto metadata = fmt::format(
          R"({{"half":{},"tenth":{},"side":{}}})",
          random_() % 2,
          random_() % 10,
          values[0] > 0 && random_() % 3 == 0 ? 1 : 0
      );
      rows.push_back({"v" + std::to_string(i), std::move(values), metadata});
    }
    create(fmt::format(
        R"({{"index_id":"r","dimension":{},"metric_type":"{}"}})", GetParam().dim, GetParam().metric
    ));
    put("r", rows);
    train("r");
    for (std::size_t i = 0; i < kQueries; ++i) queries_.push_back(point());
  }

  double recall(
      std::uint32_t k, const Filter* filter = nullptr, std::optional<std::uint32_t> nprobe = {}
  ) {
    std::size_t found = 0;
    std::size_t wanted = 0;
    for (const auto& query : queries_) {
      SearchRequest request;
      request.query = query;
      request.k = k;
      request.filter = filter;
      request.nprobe = nprobe;
      const auto probed = ids_of(engine_->search("r", request).value());
      request.exact = true;
      const auto exact = ids_of(engine_->search("r", request).value());
      EXPECT_EQ(probed.size(), exact.size());
      const std::set<std::string> truth(exact.begin(), exact.end());
      for (const auto& id : probed) found += truth.contains(id) ? 1 : 0;
      wanted += truth.size();
    }
    return static_cast<double>(found) / static_cast<double>(wanted);
  }

 private:
  std::vector<float> gauss(float scale) {
    std::vector<float> values;
    for (std::size_t d = 0; d < GetParam().dim; ++d) values.push_back(scale * normal_(random_));
    return values;
  }
  std::vector<float> point() {
    auto values = gauss(1);
    const auto& centre = centres_[random_() % centres_.size()];
    const float norm = GetParam().mixed_norms ? std::exp(0.8F * normal_(random_)) : 1;
    for (std::size_t d = 0; d < values.size(); ++d)
      values[d] = norm * (values[d] + (GetParam().clustered ? centre[d] : 0));
    return values;
  }

  std::mt19937_64 random_{20'240'611};  // a fixed set: what is asserted was measured on it
  std::normal_distribution<float> normal_;
  std::vector<std::vector<float>> centres_;
  std::vector<std::vector<float>> queries_;
};

TEST_P(RecallTest, HoldsUnlessToldHowFarToLook) {
  EXPECT_GE(recall(10), 0.95);
  for (const std::uint32_t k : {1U, 50U, 100U, 400U}) EXPECT_GE(recall(k), 0.945) << "k " << k;
  for (const auto* member : {"half", "tenth", "side"}) {
    const auto filter =
        parse_filter(parse(fmt::format(R"({{"must":[{{"key":"{}","match":1}}]}})", member)))
            .value();
    for (const std::uint32_t k : {10U, 50U, 100U})
      EXPECT_GE(recall(k, &filter), 0.94) << member << ", k " << k;
  }

  // An nprobe that is given is used as given.
  const double one = recall(10, nullptr, 1);
  EXPECT_LT(one, 0.9);
  EXPECT_EQ(recall(10, nullptr, 1'000'000), 1);
  ASSERT_TRUE(engine_->patch("r", parse(R"({"nprobe":1})")));
  EXPECT_EQ(recall(10), one);
  EXPECT_EQ(recall(10, nullptr, 1'000'000), 1) << "the search's own comes before the index's";
}

INSTANTIATE_TEST_SUITE_P(
    Sets,
    RecallTest,
    ::testing::Values(
        DataSet{"gauss_L2", "L2", 24, false, false},
        DataSet{"clustered_L2", "L2", 24, true, false},
        DataSet{"mixed_norms_IP", "IP", 24, false, true},
        DataSet{"mixed_norms_COSINE", "COSINE", 24, false, true},
        DataSet{"clustered_COSINE", "COSINE", 24, true, false}
    ),
    [](const auto& set) { return std::string(set.param.name); }
);

}  // namespace
}  // namespace mlgraph::index
