// The engine over a real log and vector store: exact answers, moves while in use, restarts, damage.
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "index/engine_fixture.h"
#include "index/kernels.h"

namespace mlgraph::index {
namespace {

TEST_F(EngineTest, AnswersAreExactUnderEachMetric) {
  static constexpr std::array<const char*, 3> kMetrics = {"L2", "IP", "COSINE"};
  for (const char* metric : kMetrics) {
    const std::string name = std::string("exact-") + metric;
    create(
        R"({"index_id":")" + name + R"(","dimension":8,"num_shards":3,"metric_type":")" + metric +
        "\"}"
    );
    const auto rows = clustered(500, 8, 1);
    put(name, rows);
    const auto query = rows.at("v17");
    std::vector<std::pair<double, std::string>> truth;
    for (const auto& [id, row] : rows) {
      double l2 = 0, dot = 0, a = 0, b = 0;
      for (std::size_t d = 0; d < 8; ++d) {
        l2 += (row[d] - query[d]) * (row[d] - query[d]);
        dot += row[d] * query[d];
        a += row[d] * row[d];
        b += query[d] * query[d];
      }
      const std::string m = metric;
      truth.emplace_back(m == "L2" ? l2 : m == "IP" ? -dot : 1 - dot / std::sqrt(a * b), id);
    }
    std::sort(truth.begin(), truth.end());
    const auto found = nearest(name, query, 10);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(found[i], truth[i].second) << metric << " " << i;
  }
}

TEST_F(EngineTest, AReplacedVectorIsFoundOnlyWhereItIsNow) {
  create(R"({"index_id":"a","dimension":2})");
  put("a", {{"x", {0, 0}}, {"y", {5, 5}}});
  put("a", {{"x", {9, 9}}});
  EXPECT_EQ(nearest("a", {0, 0}, 2), (std::vector<std::string>{"y", "x"}));
  const std::string_view id = "y";
  EXPECT_EQ(engine_->erase("a", {&id, 1}).value(), 1U);
  EXPECT_EQ(engine_->erase("a", {&id, 1}).value(), 0U);
  EXPECT_EQ(nearest("a", {0, 0}, 2), (std::vector<std::string>{"x"}));
  EXPECT_EQ(engine_->fetch("a", "x").value().values, (std::vector<float>{9, 9}));
}

TEST_F(EngineTest, FiltersKeepExactlyWhatMatches) {
  create(R"({"index_id":"f","dimension":4})");
  put("f", clustered(300, 4, 1, "red"), R"({"colour":"red","n":1,"tags":["a","b"]})");
  put("f", clustered(20, 4, 2, "blue"), R"({"colour":"blue","n":5,"deep":{"er":true}})");
  const auto search = [&](const std::string& text, std::uint32_t k) {
    const auto filter = parse_filter(parse(text)).value();
    SearchRequest request;
    const std::vector<float> query = {0, 0, 0, 0};
    request.query = query;
    request.k = k;
    request.filter = &filter;
    std::set<char> first;
    const auto hits = engine_->search("f", request).value().hits;
    for (const auto& hit : hits) first.insert(hit.id[0]);
    return std::pair(hits.size(), first);
  };
  EXPECT_EQ(
      search(R"({"must":[{"key":"colour","match":"blue"}]})", 100),
      std::pair(std::size_t{20}, std::set<char>{'b'})
  );
  EXPECT_EQ(
      search(R"({"must":[{"key":"n","range":{"lt":5}}]})", 300),
      std::pair(std::size_t{300}, std::set<char>{'r'})
  );
  EXPECT_EQ(search(R"({"must":[{"key":"deep.er","match":true}]})", 50).first, 20U);
  EXPECT_EQ(search(R"({"must_not":[{"key":"tags","match":"b"}]})", 50).first, 20U);
  EXPECT_EQ(
      search(R"({"should":[{"key":"tags","any":["x","a"]},{"key":"n","match":5}]})", 500).first,
      320U
  );
  EXPECT_EQ(search(R"({"must":[{"key":"missing","exists":true}]})", 50).first, 0U);
}

TEST_F(EngineTest, TrainingMovesAShardWhileItIsUsedAndKeepsItsAnswers) {
  create(R"({"index_id":"t","dimension":32})");
  const auto rows = clustered(6'000, 32, 1);
  put("t", rows);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; !done; ++i)
      put("t",
          {{"late" + std::to_string(i), std::vector<float>(32, 100.0F + static_cast<float>(i))}});
  });
  std::vector<std::string> phases;
  ASSERT_TRUE(engine_->reseal(
      "t",
      Resealing::kTrain,
      0,
      model::Reason::kManual,
      "train-x",
      [&](std::string_view phase, double) {
        if (phases.empty() || phases.back() != phase) phases.emplace_back(phase);
        return true;
      }
  ));
  done = true;
  writer.join();
  EXPECT_EQ(
      phases,
      (std::vector<std::string>{
          "training", "assigning", "coding", "writing", "calibrating", "syncing"})
  );
  EXPECT_EQ(engine_->get("t").value().shards[0].tier, model::Tier::kIvf);
  EXPECT_EQ(nearest("t", std::vector<float>(32, 100.0F), 1), (std::vector<std::string>{"late0"}));
  ASSERT_EQ(moves_.size(), 2U);
  EXPECT_EQ(moves_[0].to_state, model::ShardState::kTraining);
  EXPECT_EQ(moves_[1].to_tier, model::Tier::kIvf);

  std::size_t hits = 0;
  const auto queries = clustered(100, 32, 99, "q");
  for (const auto& [id, query] : queries) {
    const auto truth = nearest("t", query, 10, true);
    const std::set<std::string> wanted(truth.begin(), truth.end());
    for (const auto& found : nearest("t", query, 10)) hits += wanted.contains(found) ? 1 : 0;
  }
  EXPECT_GE(hits, 950U) << "recall@10 of 100 queries";
}

TEST_F(EngineTest, ACancelledTrainingLeavesTheShardAsItWas) {
  create(R"({"index_id":"c","dimension":8})");
  put("c", clustered(1'000, 8, 1));
  const auto outcome = engine_->reseal(
      "c",
      Resealing::kTrain,
      0,
      model::Reason::kManual,
      "train-x",
      [](std::string_view, double fraction) { return fraction < 0.3; }
  );
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kCancelled);
  EXPECT_EQ(engine_->get("c").value().shards[0].state, model::ShardState::kActive);
  EXPECT_EQ(engine_->get("c").value().shards[0].tier, model::Tier::kIdmap);
}

TEST_F(EngineTest, ARestartAnswersTheSameAndADamagedPartIsMadeAnew) {
  create(R"({"index_id":"r","dimension":16,"num_shards":2,"tiering":{"idmap_to_ivf":400}})");
  const auto rows = clustered(1'000, 16, 1);
  put("r", rows);
  for (std::uint32_t shard = 0; shard < 2; ++shard)
    ASSERT_TRUE(engine_->reseal(
        "r",
        Resealing::kTrain,
        shard,
        model::Reason::kManual,
        "",
        [](std::string_view, double) { return true; }
    ));
  put("r", {{"v1", std::vector<float>(16, 50)}});
  const auto before = nearest("r", std::vector<float>(16, 0), 20, true);
  restart();
  EXPECT_EQ(nearest("r", std::vector<float>(16, 0), 20, true), before);
  EXPECT_EQ(nearest("r", std::vector<float>(16, 50), 1), (std::vector<std::string>{"v1"}));
  EXPECT_EQ(engine_->get("r").value().shards[0].tier, model::Tier::kIvf);
  EXPECT_EQ(engine_->stats("r").value().vectors, 1'000U);

  stop();
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "parts")) {
    std::fstream part(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    part.seekp(200);
    part.put('!');
  }
  moves_.clear();
  start();
  EXPECT_EQ(nearest("r", std::vector<float>(16, 0), 20, true), before);
  EXPECT_EQ(engine_->get("r").value().shards[0].tier, model::Tier::kIdmap);
  EXPECT_EQ(moves_.back().reason, model::Reason::kLoadFailed);
  EXPECT_EQ(engine_->due_resealings("r").value().front().shards.size(), 2U);
}

TEST_F(EngineTest, AnIndexThatStaysFlatIsNeverTrained) {
  create(R"({"index_id":"flat","dimension":4,"index_type":"IDMap","tiering":{"idmap_to_ivf":10}})");
  put("flat", clustered(300, 4, 1));
  EXPECT_TRUE(engine_->due_resealings("flat").value().empty());
  EXPECT_EQ(
      engine_->resealing_of("flat", Resealing::kTrain).error().code, base::ErrorCode::kConflict
  );
  const auto forced = engine_->reseal(
      "flat",
      Resealing::kTrain,
      0,
      model::Reason::kManual,
      "",
      [](std::string_view, double) { return true; }
  );
  ASSERT_FALSE(forced);
  EXPECT_EQ(forced.error().code, base::ErrorCode::kConflict);
  EXPECT_NE(forced.error().message.find("IDMap"), std::string::npos);
  EXPECT_TRUE(moves_.empty());
}

TEST_F(EngineTest, WhatATransitionCountsComesWithItsBytes) {
  create(R"({"index_id":"n","dimension":4,"num_shards":2})");
  put("n", clustered(300, 4, 1));
  // Nobody has published counts; the moves themselves must not tell of vectors without bytes.
  const auto check = [&] {
    const auto object = engine_->get("n").value();
    EXPECT_EQ(object.vectors, 300U);
    EXPECT_EQ(object.bytes, engine_->stats("n").value().bytes);
    for (const auto& shard : object.shards)
      EXPECT_GE(shard.bytes, shard.vectors * 4 * sizeof(float));
  };
  ASSERT_TRUE(engine_->reseal(
      "n",
      Resealing::kTrain,
      0,
      model::Reason::kManual,
      "",
      [&](std::string_view, double) {
        check();
        return true;
      }
  ));
  check();
}

TEST_F(EngineTest, BadRowsAndSpecsAreNamed) {
  create(R"({"index_id":"b","dimension":2,"metric_type":"COSINE"})");
  const std::vector<std::string_view> ids = {"x"};
  const auto refused = [&](std::vector<float> values) {
    const RowsView view{2, values, ids, {}};
    const auto outcome = engine_->check_rows("b", view);
    return outcome ? std::string("taken") : outcome.error().member;
  };
  EXPECT_EQ(refused({0, 0}), "vectors[0].values");
  EXPECT_EQ(refused({1, std::numeric_limits<float>::infinity()}), "vectors[0].values[1]");
  EXPECT_EQ(refused({1, 1}), "taken");
  const std::vector<std::string> specs = {
      R"({"index_id":"../x","dimension":2})",
      R"({"index_id":"created","dimension":2})",
      R"({"index_id":"z","dimension":0})",
      R"({"index_id":"z","dimension":65536})",
      R"({"index_id":"z","dimension":2,"num_shards":1000000})",
      R"({"index_id":"z","dimension":2,"metric_type":"L3"})",
      R"({"index_id":"z","dimension":"2"})"};
  for (const auto& spec : specs)
    EXPECT_EQ(engine_->create(parse(spec)).error().code, base::ErrorCode::kInvalidValue) << spec;
  EXPECT_EQ(
      engine_->create(parse(R"({"index_id":"b","dimension":2})")).error().code,
      base::ErrorCode::kConflict
  );
}

}  // namespace
}  // namespace mlgraph::index
