// Random histories of one index against a plain map: rows written, replaced and deleted, searched
// with and without filters, shards moved through their tiers, the server stopped and started.
#include <algorithm>
#include <iostream>

#include "index/engine_fixture.h"
#include "store/seed.h"

namespace mlgraph::index {
namespace {

constexpr std::size_t kModelDim = 6;
constexpr std::uint32_t kColours = 5;

struct ModelRow {
  std::vector<float> values;
  std::uint32_t colour = 0;
};

class ModelTest : public EngineTest {
 protected:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::vector<float> point() {
    std::vector<float> values(kModelDim);
    // A coarse grid: many rows are equally near, and ties go by id.
    for (auto& value : values) value = static_cast<float>(below(12));
    values[below(kModelDim)] += 1;
    return values;
  }

  void write() {
    std::vector<VectorRecord> rows;
    std::set<std::string> ids;
    const std::size_t count = 1 + below(400);
    while (ids.size() < count) {
      const std::string id = "v" + std::to_string(below(3'000));
      if (!ids.insert(id).second) continue;
      const ModelRow row{point(), static_cast<std::uint32_t>(below(kColours))};
      model_[id] = row;
      rows.push_back({id, row.values, fmt::format(R"({{"colour":{}}})", row.colour)});
    }
    put(index_, rows);
  }

  void erase() {
    std::vector<std::string> ids;
    for (std::size_t i = below(300); i > 0; --i) ids.push_back("v" + std::to_string(below(3'000)));
    const std::set<std::string> distinct(ids.begin(), ids.end());
    std::size_t there = 0;
    for (const auto& id : distinct) there += model_.erase(id);
    EXPECT_EQ(
        engine_->erase(index_, std::vector<std::string_view>(ids.begin(), ids.end())).value(), there
    );
  }

  void erase_colour() {
    const auto colour = static_cast<std::uint32_t>(below(kColours));
    const auto there =
        std::erase_if(model_, [&](const auto& row) { return row.second.colour == colour; });
    EXPECT_EQ(engine_->erase_matching(index_, filter_of(colour)).value(), there);
  }

  static Filter filter_of(std::uint32_t colour) {
    return parse_filter(parse(fmt::format(R"({{"must":[{{"key":"colour","match":{}}}]}})", colour)))
        .value();
  }

  double distance(const std::vector<float>& a, const std::vector<float>& b) const {
    double sum = 0;
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t d = 0; d < kModelDim; ++d) {
      const auto x = static_cast<double>(a[d]);
      const auto y = static_cast<double>(b[d]);
      sum += (x - y) * (x - y);
      dot += x * y;
      aa += x * x;
      bb += y * y;
    }
    if (metric_ == "L2") return sum;
    return metric_ == "IP" ? -dot : 1 - dot / std::sqrt(aa * bb);
  }

  void search() {
    SearchRequest request;
    const auto query = point();
    request.query = query;
    request.k = static_cast<std::uint32_t>(1 + below(40));
    request.exact = below(2) == 0;
    std::optional<Filter> filter;
    std::optional<std::uint32_t> colour;
    if (below(2) == 0) {
      colour = static_cast<std::uint32_t>(below(kColours));
      filter = filter_of(*colour);
      request.filter = &*filter;
    }
    const auto hits = engine_->search(index_, request).value().hits;
    std::vector<double> all;
    for (const auto& [id, row] : model_)
      if (!colour || row.colour == *colour) all.push_back(distance(query, row.values));
    std::sort(all.begin(), all.end());
    ASSERT_EQ(hits.size(), std::min<std::size_t>(request.k, all.size())) << step_;
    std::size_t near = 0;
    std::set<std::string> different;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      const auto row = model_.find(hits[i].id);
      ASSERT_NE(row, model_.end()) << hits[i].id << " is deleted, step " << step_;
      EXPECT_TRUE(!colour || row->second.colour == *colour);
      EXPECT_TRUE(different.insert(hits[i].id).second) << hits[i].id << " twice, step " << step_;
      const double real = distance(query, row->second.values);
      EXPECT_NEAR(hits[i].distance, real, 1e-3 * (1 + std::abs(real))) << step_;
      near += real <= all[hits.size() - 1] + 1e-4 * (1 + std::abs(real)) ? 1 : 0;
      EXPECT_TRUE(i == 0 || hits[i - 1].distance <= hits[i].distance);
    }
    EXPECT_TRUE(!request.exact || near == hits.size()) << step_;
    found_ += near;
    wanted_ += hits.size();
  }

  void move() {
    constexpr std::array kKinds = {
        Resealing::kTrain, Resealing::kMigrate, Resealing::kMerge, Resealing::kCompact};
    const auto kind = kKinds[below(kKinds.size())];
    const auto what = engine_->resealing_of(index_, kind);
    if (!what) return;  // empty, or nothing is deleted
    const bool cancels = below(4) == 0;
    const double upto = static_cast<double>(below(100)) / 100;
    const std::size_t writes_at = below(20);
    std::size_t reports = 0;
    base::Mutex mutex;
    for (const auto shard : what->shards) {
      const auto done = engine_->reseal(
          index_,
          kind,
          shard,
          model::Reason::kManual,
          "",
          [&](std::string_view, double fraction) {
            const base::MutexLock lock(mutex);
            if (++reports == writes_at) below(2) == 0 ? write() : erase();
            return !cancels || fraction < upto;
          }
      );
      if (!done && done.error().code == base::ErrorCode::kCancelled) break;
      ASSERT_TRUE(done) << done.error().message << ", step " << step_;
    }
    const auto object = engine_->get(index_).value();
    for (const auto& shard : object.shards) EXPECT_EQ(shard.state, model::ShardState::kActive);
  }

  void run(std::uint64_t seed) {
    random_.seed(seed);
    model_.clear();
    found_ = wanted_ = 0;
    constexpr std::array kMetrics = {"L2", "IP", "COSINE"};
    constexpr std::array kTypes = {"auto", "IVFFlat", "HNSW"};
    constexpr std::array kQuantizations = {"none", "int8"};
    metric_ = kMetrics[below(kMetrics.size())];
    index_ = "m" + std::to_string(seed);
    const auto spec = fmt::format(
        R"({{"index_id":"{}","dimension":{},"metric_type":"{}","num_shards":{},"index_type":"{}","quantization":"{}"}})",
        index_,
        kModelDim,
        metric_,
        1 + below(3),
        kTypes[below(kTypes.size())],
        kQuantizations[below(kQuantizations.size())]
    );
    SCOPED_TRACE(fmt::format("MLG_SEED={} {}", seed, spec));
    create(spec);
    for (step_ = 0; step_ < 60 && !HasFatalFailure(); ++step_) {
      const std::size_t dice = below(100);
      if (dice < 30)
        write();
      else if (dice < 42)
        erase();
      else if (dice < 45)
        erase_colour();
      else if (dice < 80)
        search();
      else if (dice < 95)
        move();
      else
        restart();
    }
    EXPECT_EQ(engine_->stats(index_).value().vectors, model_.size());
    EXPECT_GE(static_cast<double>(found_), 0.9 * static_cast<double>(wanted_));
    ASSERT_TRUE(engine_->remove(index_));
  }

  std::mt19937_64 random_;
  std::string index_;
  std::string metric_;
  std::map<std::string, ModelRow> model_;
  std::size_t step_ = 0;
  std::size_t found_ = 0;
  std::size_t wanted_ = 0;
};

TEST_F(ModelTest, RandomHistoriesAgreeWithAPlainMap) {
  const std::uint64_t first = testing::seed();
  const char* many = std::getenv("MLG_SEEDS");
  const int histories = many ? std::clamp(std::atoi(many) / 20, 5, 200) : 15;
  std::cout << "seed " << first << ", " << histories << " histories (MLG_SEED replays the first)\n";
  for (int i = 0; i < histories && !HasFailure(); ++i) run(first + static_cast<std::uint64_t>(i));
}

}  // namespace
}  // namespace mlgraph::index
