// Exports of a real engine: what comes out goes in again and is the same.
#include "work/export_job.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "work/engine_stack.h"
#include "work/import_job.h"
#include "work/vector_files.h"

namespace mlgraph::testing {
namespace {

using work::Compression;
using work::ExportFormat;

class ExportTest : public ::testing::Test {
 protected:
  ExportTest() : results_(stack_.folder / "results", stack_.clock) {
    stack_.create(R"({"index_id":"docs","dimension":2,"num_shards":3})");
    stack_.create(R"({"index_id":"copy","dimension":2,"num_shards":2})");
    EXPECT_TRUE(results_.open([](const std::string&) { return true; }));
  }
  ~ExportTest() override { stack_.stop(); }

  void put(
      const std::string& index,
      const std::string& id,
      std::vector<float> values,
      const std::string& metadata = ""
  ) {
    const std::string_view ids[] = {id};
    const std::string_view all_metadata[] = {metadata};
    index::RowsView rows{2, values, ids, all_metadata};
    ASSERT_TRUE(stack_.engine->upsert(index, rows));
  }
  model::Job run(const std::string& request, const std::string& index = "docs") {
    auto what = work::parse_export(base::parse_json(request).value()).value();
    what.index = index;
    const auto job =
        work::start_export({*stack_.vectors, *stack_.committer, results_}, *stack_.runner, what)
            .value();
    return stack_.wait_end(job.job_id);
  }
  std::string file_of(const model::Job& job) {
    const auto found = results_.find(job.job_id);
    if (!found) return "no file";
    std::ifstream in(found->path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void import(const std::string& index, const std::string& bytes) {
    PiecewiseBytes source(bytes);
    auto job = stack_.runner->begin({"import", index, {}, {}, "starting", {}}).value();
    const auto rows = work::make_row_source("application/x-ndjson", source, 2, {}).value();
    auto outcome = work::run_import(*stack_.engine, stack_.metrics, stack_.clock, *job, *rows, {});
    const auto ended = stack_.runner->finish(job, std::move(outcome)).value();
    EXPECT_EQ(ended.failed, 0U);
  }
  std::map<std::string, index::VectorRecord> all(const std::string& index) {
    std::map<std::string, index::VectorRecord> records;
    const auto page = stack_.engine->scroll(index, "", 1'000).value();
    for (const auto& record : page.vectors) records[record.id] = record;
    return records;
  }

  EngineStack stack_;
  work::ResultFiles results_;
};

TEST_F(ExportTest, JsonLinesImportToTheSameRowsBitForBit) {
  put("docs", "plain", {1, -2.5F});
  put("docs", "näme \"quoted\"\n", {0.1F, 1e-45F}, R"({"k":[1,{"x":"y"}],"f":0.30000000000000004})"
  );
  put("docs", "ends", {std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
  put("docs", "zeros", {-0.0F, 0.0F});
  std::uint32_t bits = 1;
  for (int i = 0; i < 400; ++i) {
    float value = 0;
    for (;;) {
      bits = bits * 1'664'525U + 1'013'904'223U;
      std::memcpy(&value, &bits, sizeof value);
      if (std::isfinite(value)) break;
    }
    put("docs", "random" + std::to_string(i), {value, static_cast<float>(i) / 3});
  }
  const auto job = run(R"({"format":"jsonl"})");
  ASSERT_EQ(job.state, model::JobState::kCompleted) << job.error_message;
  EXPECT_EQ(job.job_type, "export");
  EXPECT_EQ(job.processed, 404U);
  EXPECT_EQ(job.total, 404U);
  import("copy", file_of(job));
  const auto docs = all("docs");
  const auto copy = all("copy");
  ASSERT_EQ(docs.size(), copy.size());
  for (const auto& [id, record] : docs) {
    ASSERT_TRUE(copy.contains(id)) << id;
    EXPECT_EQ(std::memcmp(record.values.data(), copy.at(id).values.data(), 8), 0) << id;
    EXPECT_EQ(record.metadata, copy.at(id).metadata);
  }
}

TEST_F(ExportTest, NpyHasTheRowsInTheirOrder) {
  for (int i = 0; i < 500; ++i) put("docs", std::to_string(i), {static_cast<float>(i), 1});
  put("docs", "7", {7'777, 1});  // replaced: at a later place
  const std::string_view gone[] = {"8"};
  ASSERT_TRUE(stack_.engine->erase("docs", gone));
  const auto job = run(R"({"format":"npy"})");
  const auto file = read_all("application/x-npy", file_of(job), 2);
  EXPECT_FALSE(file.error);
  EXPECT_EQ(file.total, 499U);
  std::multiset<float> seen;
  for (const auto& row : file.rows) seen.insert(row.values[0]);
  EXPECT_EQ(seen.size(), 499U);
  EXPECT_EQ(seen.count(7), 0U);
  EXPECT_EQ(seen.count(8), 0U);
  EXPECT_EQ(seen.count(7'777), 1U);
  EXPECT_EQ(run(R"({"format":"npy"})").processed, 499U);
  EXPECT_EQ(file_of(run(R"({"format":"npy"})")), file_of(job));
}

TEST_F(ExportTest, CompressionIsOfTheSameBytes) {
  for (int i = 0; i < 3'000; ++i) put("docs", std::to_string(i), {static_cast<float>(i), 1});
  for (const char* format : {"jsonl", "npy"}) {
    const std::string plain = file_of(run(fmt::format(R"({{"format":"{}"}})", format)));
    for (const auto& [name, compression] :
         {std::pair("gzip", Compression::kGzip), std::pair("zstd", Compression::kZstd)}) {
      const std::string packed =
          file_of(run(fmt::format(R"({{"format":"{}","compression":"{}"}})", format, name)));
      EXPECT_LT(packed.size(), plain.size());
      PiecewiseBytes from(packed);
      const auto inflating = work::make_inflating_source(compression, from);
      std::string back(plain.size() + 1, '\0');
      work::ByteReader reader(*inflating);
      back.resize(reader.fill(back).value());
      EXPECT_EQ(back, plain);
    }
  }
}

TEST_F(ExportTest, AFilterMeansWhatItMeansToASearch) {
  for (int i = 0; i < 1'000; ++i)
    put("docs", std::to_string(i), {1, 2}, fmt::format(R"({{"n":{},"tags":["t{}"]}})", i, i % 4));
  put("docs", "bare", {1, 2});
  const auto job = run(
      R"({"format":"jsonl","filter":{"must":[{"key":"tags","match":"t1"},{"key":"n","range":{"lt":500}}]}})"
  );
  EXPECT_EQ(job.processed, 125U);
  EXPECT_EQ(job.total, 125U);
  import("copy", file_of(job));
  EXPECT_EQ(all("copy").size(), 125U);
  EXPECT_TRUE(all("copy").contains("1"));
  EXPECT_EQ(
      run(R"({"format":"jsonl","filter":{"must_not":[{"key":"n","exists":true}]}})").processed, 1U
  );
}

TEST_F(ExportTest, NoRowsAreAWholeFile) {
  EXPECT_EQ(file_of(run(R"({"format":"jsonl"})")), "");
  EXPECT_EQ(read_all("application/x-npy", file_of(run(R"({"format":"npy"})")), 2).total, 0U);
  for (const char* compression : {"gzip", "zstd"}) {
    const auto job = run(fmt::format(R"({{"format":"jsonl","compression":"{}"}})", compression));
    EXPECT_EQ(job.state, model::JobState::kCompleted);
    EXPECT_EQ(job.progress, 1.0);
  }
}

TEST_F(ExportTest, ACancelledOneLeavesNoFile) {
  for (int i = 0; i < 100; ++i) put("docs", std::to_string(i), {1, 2});
  // Behind another export, which is held: queued when it is cancelled.
  std::promise<void> release;
  jobs::JobSpec held;
  held.job_type = "export";
  held.index = "docs";
  held.lane = jobs::Lane::kExports;
  ASSERT_TRUE(stack_.runner->start(held, [gate = release.get_future().share()](jobs::JobHandle&) {
    gate.wait();
    return base::Result<void>{};
  }));
  work::Export what;
  what.index = "docs";
  const auto job =
      work::start_export({*stack_.vectors, *stack_.committer, results_}, *stack_.runner, what)
          .value();
  EXPECT_EQ(job.state, model::JobState::kQueued);
  ASSERT_TRUE(stack_.runner->cancel(job.job_id));
  release.set_value();
  EXPECT_EQ(stack_.wait_end(job.job_id).error_code, "cancelled");
  EXPECT_FALSE(results_.find(job.job_id));
}

TEST_F(ExportTest, RequestsThatMakeNoSenseNameTheMember) {
  const auto member = [](const char* text) {
    const auto what = work::parse_export(base::parse_json(text).value());
    return what ? "read" : what.error().member;
  };
  EXPECT_EQ(member("{}"), "format");
  EXPECT_EQ(member(R"({"format":7})"), "format");
  EXPECT_EQ(member(R"({"format":"csv"})"), "format");
  EXPECT_EQ(member(R"({"format":"npy","compression":"br"})"), "compression");
  EXPECT_EQ(member(R"({"format":"npy","filter":{"must":7}})").substr(0, 6), "filter");
  EXPECT_EQ(member(R"({"format":"npy","compression":"none"})"), "read");
}

}  // namespace
}  // namespace mlgraph::testing
