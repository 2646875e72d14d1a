// The rival in process for lists: FAISS IVFFlat. Built twice: faiss_ivf is Debian's own library,
// faiss_ivf_avx2 has its hot files compiled for AVX2 (tools/bench/faiss_avx2.sh).
//   faiss_ivf BASE.npy QUERIES.npy TRUTH.ivecs [options]
// Prints {"build_seconds":…}, then a line per nprobe until --recall R is reached, on one thread.
//   --threads N, --nlist N    for building: 2, and 4 * sqrt(rows)
//   --file LISTS    they are kept there, and a later run reads them instead of training
//   --rungs a,b     are measured instead of a ladder
//   --recall 0      builds only
#include <cmath>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/index_io.h>
#include <omp.h>

#include "ground_truth.h"

namespace {
using Label = faiss::Index::idx_t;

std::unique_ptr<faiss::IndexIVF> build(const npy::File& base, std::size_t nlist) {
  auto* coarse = new faiss::IndexFlatL2(static_cast<Label>(base.dim()));
  auto index = std::make_unique<faiss::IndexIVFFlat>(coarse, base.dim(), nlist);
  index->own_fields = true;
  const auto count = static_cast<Label>(base.rows());
  const auto begin = std::chrono::steady_clock::now();
  index->train(count, base.row(0));
  const double trained = bench::seconds_since(begin);
  index->add(count, base.row(0));
  std::printf(
      "{\"build_seconds\":%.2f,\"train_seconds\":%.2f,\"nlist\":%zu}\n",
      bench::seconds_since(begin),
      trained,
      nlist
  );
  return index;
}
}  // namespace

int main(int argc, char** argv) {
  CLI::App app;
  std::string base, queries, truth, file;
  int threads = 2, passes = 3;
  double wanted = 0.99;
  std::size_t nlist = 0;
  std::vector<std::size_t> rungs;
  app.add_option("base", base)->required();
  app.add_option("queries", queries)->required();
  app.add_option("truth", truth)->required();
  app.add_option("--threads", threads);
  app.add_option("--recall", wanted);
  app.add_option("--nlist", nlist, "4 * sqrt(rows) if left out");
  app.add_option("--file", file);
  app.add_option("--rungs", rungs)->delimiter(',');
  app.add_option("--passes", passes);
  CLI11_PARSE(app, argc, argv);

  const bench::GroundTruth set(base, queries, truth);
  if (nlist == 0)
    nlist = static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(set.base.rows())));
  omp_set_num_threads(threads);
  std::unique_ptr<faiss::IndexIVF> index;
  if (!file.empty() && std::filesystem::exists(file)) {
    const auto begin = std::chrono::steady_clock::now();
    index.reset(dynamic_cast<faiss::IndexIVF*>(faiss::read_index(file.c_str())));
    if (!index) bench::die(file + " holds no lists");
    std::printf("{\"load_seconds\":%.2f}\n", bench::seconds_since(begin));
  } else {
    index = build(set.base, nlist);
    if (!file.empty()) faiss::write_index(index.get(), file.c_str());
  }
  omp_set_num_threads(1);
  const auto measure = [&](std::size_t nprobe) {
    index->nprobe = nprobe;
    return bench::measure_rung(
        set,
        "nprobe",
        nprobe,
        passes,
        [&](const float* q, std::size_t* ids) {
          float distances[bench::kNearest];
          Label labels[bench::kNearest];
          index->search(1, q, bench::kNearest, distances, labels);
          for (const Label label : labels) *ids++ = static_cast<std::size_t>(label);
        }
    );
  };
  for (const std::size_t nprobe : rungs) measure(nprobe);
  if (!rungs.empty() || wanted <= 0) return 0;
  for (std::size_t nprobe = 1; nprobe <= index->nlist; nprobe = bench::next_rung(nprobe))
    if (measure(nprobe) >= wanted) return 0;
  bench::die("the recall was not reached");
}
