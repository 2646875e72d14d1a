// The exact nearest rows of each query by squared L2, brute force on every core (on unit vectors
// that is the order by cosine too).
//   truth BASE.npy QUERIES.npy OUT.ivecs K [OUT_OF KEPT]
// With OUT_OF and KEPT only rows whose number modulo OUT_OF is below KEPT count: what a filter on
// that number leaves. OUT.ivecs: per query int32 K, then K row numbers by (distance, number).
// Where distances tie at the K-th, others would do as well: whoever counts hits compares
// distances, not numbers.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "npy.h"

namespace {
using Near = std::pair<float, std::int32_t>;

// Eight sums at once, which the compiler keeps in one AVX register: a single one would wait for
// itself at each step.
float squared_l2(const float* a, const float* b, std::size_t dim) {
  constexpr std::size_t kLanes = 8;
  float sums[kLanes] = {};
  std::size_t d = 0;
  for (; d + kLanes <= dim; d += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float diff = a[d + lane] - b[d + lane];
      sums[lane] += diff * diff;
    }
  float sum = 0;
  for (; d < dim; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
  for (const float lane : sums) sum += lane;
  return sum;
}

void offer(std::vector<Near>& nearest, std::size_t k, Near candidate) {
  if (nearest.size() == k && candidate >= nearest.front()) return;
  nearest.push_back(candidate);
  std::push_heap(nearest.begin(), nearest.end());
  if (nearest.size() <= k) return;
  std::pop_heap(nearest.begin(), nearest.end());
  nearest.pop_back();
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 5)
    return std::fprintf(stderr, "usage: truth BASE.npy QUERIES.npy OUT.ivecs K [OUT_OF KEPT]\n"), 2;
  const npy::File base(argv[1]), queries(argv[2]);
  const auto k = static_cast<std::size_t>(std::atoi(argv[4]));
  const auto out_of = static_cast<std::size_t>(argc > 6 ? std::atoi(argv[5]) : 1);
  const auto kept = static_cast<std::size_t>(argc > 6 ? std::atoi(argv[6]) : 1);
  std::vector<std::vector<Near>> nearest(queries.rows());
  const std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < workers; ++worker)
    threads.emplace_back([&, worker] {
      // Blocks of rows that stay in the cache while all of a thread's queries pass over them.
      constexpr std::size_t kBlock = 512;
      for (std::size_t begin = 0; begin < base.rows(); begin += kBlock)
        for (std::size_t q = worker; q < queries.rows(); q += workers)
          for (std::size_t i = begin; i < std::min(begin + kBlock, base.rows()); ++i)
            if (i % out_of < kept)
              offer(
                  nearest[q],
                  k,
                  {squared_l2(base.row(i), queries.row(q), base.dim()),
                   static_cast<std::int32_t>(i)}
              );
    });
  for (auto& thread : threads) thread.join();
  std::FILE* out = std::fopen(argv[3], "wb");
  if (!out) return std::perror(argv[3]), 1;
  for (auto& row : nearest) {
    std::sort(row.begin(), row.end());
    const auto count = static_cast<std::int32_t>(row.size());
    std::fwrite(&count, sizeof count, 1, out);
    for (const auto& near : row) std::fwrite(&near.second, sizeof near.second, 1, out);
  }
  return std::fclose(out) == 0 ? 0 : 1;
}
