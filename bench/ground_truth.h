#pragma once
// A set to measure on: rows, held-out queries and the exact answer (tools/data/truth.cc), and the
// rungs of a ladder that rivals and server climb until the recall is enough.
#include <ctime>

#include "load_client.h"
#include "npy.h"

namespace bench {

constexpr std::size_t kNearest = 10;

inline float squared_l2(const float* a, const float* b, std::size_t dim) {
  float sum = 0;
  for (std::size_t d = 0; d < dim; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sum;
}

class GroundTruth {
 public:
  GroundTruth(const std::string& base_path, const std::string& queries_path, const std::string& ids)
      : base(base_path), queries(queries_path) {
    std::ifstream in(ids, std::ios::binary);
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      std::int32_t count = 0;
      in.read(reinterpret_cast<char*>(&count), sizeof count);
      std::vector<std::int32_t> row(static_cast<std::size_t>(std::max(count, 0)));
      in.read(
          reinterpret_cast<char*>(row.data()),
          static_cast<std::streamsize>(row.size() * sizeof(std::int32_t))
      );
      if (!in || row.size() < kNearest) die(ids + " is no truth for these queries");
      worst_.push_back(distance(q, static_cast<std::size_t>(row[kNearest - 1])));
    }
  }

  /// As near as the tenth nearest, or nearer: where distances tie, each of the equals is a hit.
  /// What two kernels round differently is none of the searcher's faults.
  [[nodiscard]] bool hit(std::size_t query, std::size_t row) const {
    return row < base.rows() && distance(query, row) <= worst_[query] * 1.000001F;
  }

  npy::File base, queries;

 private:
  [[nodiscard]] float distance(std::size_t query, std::size_t row) const {
    return squared_l2(queries.row(query), base.row(row), base.dim());
  }
  std::vector<float> worst_;
};

inline double seconds_of_cpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// One rung in process, on one thread: `search(query, ids)` writes the ten ids it found. Prints a
/// JSON line; returns the recall.
template <class Search>
double measure_rung(
    const GroundTruth& set, const char* name, std::size_t value, int passes, Search search
) {
  std::size_t ids[kNearest], hits = 0;
  for (std::size_t q = 0; q < set.queries.rows(); ++q) {
    std::fill_n(ids, kNearest, set.base.rows());
    search(set.queries.row(q), ids);
    for (const std::size_t id : ids) hits += set.hit(q, id);
  }
  std::vector<double> us;
  const double cpu = seconds_of_cpu();
  const auto begin = std::chrono::steady_clock::now();
  for (int pass = 0; pass < passes; ++pass)
    for (std::size_t q = 0; q < set.queries.rows(); ++q) {
      const auto asked = std::chrono::steady_clock::now();
      search(set.queries.row(q), ids);
      us.push_back(seconds_since(asked) * 1e6);
    }
  const double count = static_cast<double>(us.size());
  const double mean_us = seconds_since(begin) * 1e6 / count;
  const double cpu_us = (seconds_of_cpu() - cpu) * 1e6 / count;
  const double recall =
      static_cast<double>(hits) / static_cast<double>(set.queries.rows() * kNearest);
  const double p50 = percentile(us, 0.5), p99 = percentile(us, 0.99);
  std::printf(
      "{\"%s\":%zu,\"recall\":%.4f,\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
      "\"cpu_us\":%.1f}\n",
      name,
      value,
      recall,
      mean_us,
      p50,
      p99,
      cpu_us
  );
  return recall;
}

/// 8, 9, 10, … in steps of an eighth: fine enough that the first rung above a recall is near it.
inline std::size_t next_rung(std::size_t value) { return value + 1 + value / 8; }

}  // namespace bench
