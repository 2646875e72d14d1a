// The rival in process: Debian's FAISS IVFFlat on one thread, at the first nprobe that reaches the
// wanted recall.
//   faiss_ivf FILE.npy BASE_ROWS QUERIES RECALL     prints {"nprobe":…,"recall":…,"p50_us":…}
#include <cmath>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <omp.h>

#include "load_client.h"

int main(int argc, char** argv) {
  if (argc < 5) bench::die("usage: faiss_ivf FILE.npy BASE_ROWS QUERIES RECALL");
  const auto rows = bench::read_npy(argv[1]);
  const std::size_t base = std::strtoull(argv[2], nullptr, 10),
                    queries = std::strtoull(argv[3], nullptr, 10);
  const double wanted = std::strtod(argv[4], nullptr);
  constexpr std::size_t kNearest = 10;
  if (base + queries > rows.rows) bench::die("not enough rows");
  const auto nlist = static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(base)));
  faiss::IndexFlatL2 coarse(static_cast<faiss::Index::idx_t>(rows.dim));
  faiss::IndexIVFFlat index(&coarse, rows.dim, nlist);
  index.train(static_cast<faiss::Index::idx_t>(base), rows.values.data());
  index.add(static_cast<faiss::Index::idx_t>(base), rows.values.data());
  omp_set_num_threads(1);
  std::vector<float> truth(queries);
  for (std::size_t q = 0; q < queries; ++q) {
    const auto query = rows.row(base + q);
    const auto ids = bench::exact_nearest(rows, base, query, kNearest);
    float sum = 0;
    for (std::size_t d = 0; d < rows.dim; ++d) {
      const float diff = rows.row(ids.back())[d] - query[d];
      sum += diff * diff;
    }
    truth[q] = sum;
  }
  for (std::size_t nprobe = 1; nprobe <= nlist; nprobe += 1 + nprobe / 8) {
    index.nprobe = nprobe;
    std::vector<double> us;
    std::size_t hits = 0;
    for (std::size_t q = 0; q < queries; ++q) {
      float distances[kNearest];
      faiss::Index::idx_t labels[kNearest];
      const auto begin = std::chrono::steady_clock::now();
      index.search(1, rows.row(base + q).data(), kNearest, distances, labels);
      us.push_back(bench::seconds_since(begin) * 1e6);
      for (const float distance : distances) hits += distance <= truth[q] * 1.000001F;
    }
    const double recall = static_cast<double>(hits) / static_cast<double>(queries * kNearest);
    if (recall < wanted) continue;
    const double p50 = bench::percentile(us, 0.5), p99 = bench::percentile(us, 0.99);
    std::printf(
        "{\"nlist\":%zu,\"nprobe\":%zu,\"recall\":%.4f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
        nlist,
        nprobe,
        recall,
        p50,
        p99
    );
    return 0;
  }
  bench::die("the recall was not reached");
}
