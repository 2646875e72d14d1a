#pragma once
// An engine over a real log and vector store, in a folder of its own.
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "index/engine.h"
#include "store/log.h"

namespace mlgraph::index {

inline base::Json parse(const std::string& text) { return base::parse_json(text).value(); }

/// A server's engine in a folder of its own; restart() closes and opens it again.
class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("mlgraph-engine-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    start();
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    log_ = store::Log::open(folder_.string(), {}).value();
    vectors_ = store::VectorStore::open(folder_.string()).value();
    committer_ = std::make_unique<store::Committer>(*log_, clock_, store::Committer::Options{});
    engine_ = std::make_unique<Engine>(
        *vectors_, *committer_, metrics_, clock_, Engine::Options{"n1", folder_.string(), 2, 0}
    );
    committer_->add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
      for (const auto& entry : entries) {
        if (entry->kind != model::EventKind::kIndexShardTransition) continue;
        const auto move =
            model::parse_shard_transition(parse(std::string(model::data_of(*entry)))).value();
        EXPECT_TRUE(
            move.from_state == move.to_state || model::is_legal_move(move.from_state, move.to_state)
        );
        moves_.push_back(move);
      }
    });
    engine_->guard(guard_);
    ASSERT_TRUE(engine_->recover());
  }
  void stop() {
    committer_->stop();
    engine_.reset();
    committer_.reset();
    vectors_.reset();
    log_.reset();
  }
  void restart() {
    stop();
    start();
  }

  void create(const std::string& spec) { ASSERT_TRUE(engine_->create(parse(spec))); }
  /// Written in this order, in batches.
  void put(const std::string& index, std::span<const VectorRecord> rows) {
    constexpr std::size_t kBatch = 2'000;
    for (; !rows.empty(); rows = rows.subspan(std::min(rows.size(), kBatch))) {
      std::vector<float> values;
      std::vector<std::string_view> ids;
      std::vector<std::string_view> metadata;
      for (const auto& row : rows.first(std::min(rows.size(), kBatch))) {
        ids.push_back(row.id);
        values.insert(values.end(), row.values.begin(), row.values.end());
        metadata.push_back(row.metadata);
      }
      const RowsView view{
          static_cast<std::uint32_t>(rows.front().values.size()), values, ids, metadata};
      ASSERT_TRUE(engine_->check_rows(index, view));
      const std::set<std::string_view> different(ids.begin(), ids.end());
      ASSERT_EQ(engine_->upsert(index, view).value(), different.size());
    }
  }
  void put(
      const std::string& index,
      const std::map<std::string, std::vector<float>>& rows,
      const std::string& metadata = ""
  ) {
    std::vector<VectorRecord> records;
    for (const auto& [id, values] : rows) records.push_back({id, values, metadata});
    put(index, records);
  }
  void train(const std::string& index) {
    const auto shards = engine_->get(index).value().shards.size();
    for (std::uint32_t shard = 0; shard < shards; ++shard)
      ASSERT_TRUE(engine_->reseal(
          index,
          Resealing::kTrain,
          shard,
          model::Reason::kManual,
          "",
          [](std::string_view, double) { return true; }
      ));
  }
  std::vector<std::string> nearest(
      const std::string& index, const std::vector<float>& query, std::uint32_t k, bool exact = false
  ) {
    SearchRequest request;
    request.query = query;
    request.k = k;
    request.exact = exact;
    return ids_of(engine_->search(index, request).value());
  }
  static std::vector<std::string> ids_of(const SearchAnswer& answer) {
    std::vector<std::string> ids;
    for (const auto& hit : answer.hits) ids.push_back(hit.id);
    return ids;
  }
  /// Points around a few centres: data that clusters, as real data does.
  std::map<std::string, std::vector<float>> clustered(
      std::size_t n, std::size_t dim, std::uint64_t seed, const std::string& prefix = "v"
  ) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    std::vector<std::vector<float>> centres(40, std::vector<float>(dim));
    std::mt19937_64 fixed(7);
    for (auto& centre : centres)
      for (auto& x : centre) x = 4 * normal(fixed);
    std::map<std::string, std::vector<float>> rows;
    for (std::size_t i = 0; i < n; ++i) {
      auto row = centres[random() % centres.size()];
      for (auto& x : row) x += normal(random);
      rows[prefix + std::to_string(i)] = row;
    }
    return rows;
  }

  base::SystemClock clock_;
  metrics::ServerMetrics metrics_;
  std::filesystem::path folder_;
  std::unique_ptr<store::Log> log_;
  std::unique_ptr<store::VectorStore> vectors_;
  std::unique_ptr<store::Committer> committer_;
  std::unique_ptr<Engine> engine_;
  std::vector<model::ShardTransition> moves_;
  std::optional<model::Reason> guard_;  ///< known to the next start()
};

}  // namespace mlgraph::index
