// The rival in process for graphs: hnswlib (header-only, here with -march=native), M 16, efc 200.
//   hnswlib_bench BASE.npy QUERIES.npy TRUTH.ivecs [options]
// Prints {"build_seconds":…}, then a line per ef until --recall R is reached, on one thread.
//   --threads N     for building: 2
//   --file GRAPH    it is kept there, and a later run reads it instead of building
//   --rungs a,b     are measured instead of a ladder
//   --recall 0      builds only
#include <atomic>
#include <filesystem>
#include <thread>

#include <CLI/CLI.hpp>
#include <hnswlib/hnswlib.h>

#include "ground_truth.h"

namespace {
using Graph = hnswlib::HierarchicalNSW<float>;

void build(Graph& graph, const npy::File& base, int threads) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&] {
      for (std::size_t i; (i = next++) < base.rows();) graph.addPoint(base.row(i), i);
    });
  for (auto& worker : workers) worker.join();
}
}  // namespace

int main(int argc, char** argv) {
  CLI::App app;
  std::string base, queries, truth, file;
  int threads = 2, passes = 3;
  double wanted = 0.99;
  std::vector<std::size_t> rungs;
  app.add_option("base", base)->required();
  app.add_option("queries", queries)->required();
  app.add_option("truth", truth)->required();
  app.add_option("--threads", threads);
  app.add_option("--recall", wanted);
  app.add_option("--file", file);
  app.add_option("--rungs", rungs)->delimiter(',');
  app.add_option("--passes", passes);
  CLI11_PARSE(app, argc, argv);

  const bench::GroundTruth set(base, queries, truth);
  hnswlib::L2Space space(set.base.dim());
  const auto begin = std::chrono::steady_clock::now();
  std::unique_ptr<Graph> graph;
  if (!file.empty() && std::filesystem::exists(file)) {
    graph = std::make_unique<Graph>(&space, file);
    std::printf("{\"load_seconds\":%.2f}\n", bench::seconds_since(begin));
  } else {
    graph = std::make_unique<Graph>(&space, set.base.rows(), 16, 200);
    build(*graph, set.base, threads);
    std::printf("{\"build_seconds\":%.2f,\"threads\":%d}\n", bench::seconds_since(begin), threads);
    if (!file.empty()) graph->saveIndex(file);
  }
  const auto measure = [&](std::size_t ef) {
    graph->setEf(ef);
    return bench::measure_rung(set, "ef", ef, passes, [&](const float* query, std::size_t* ids) {
      auto found = graph->searchKnn(query, bench::kNearest);
      for (; !found.empty(); found.pop()) *ids++ = found.top().second;
    });
  };
  for (const std::size_t ef : rungs) measure(ef);
  if (!rungs.empty() || wanted <= 0) return 0;
  for (std::size_t ef = bench::kNearest; ef <= 4096; ef = bench::next_rung(ef))
    if (measure(ef) >= wanted) return 0;
  bench::die("the recall was not reached");
}
