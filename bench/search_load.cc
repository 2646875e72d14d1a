// Searches over HTTP keep-alive, one client; recall against exact search on the same rows.
//   search_load PORT INDEX FILE.npy BASE_ROWS QUERIES [SECONDS]     (MLGRAPH_TOKEN in the
//   environment)
// Ids in the index must be the row numbers. Prints {"recall":…,"p50_us":…,"p99_us":…,"qps":…}
#include "load_client.h"

int main(int argc, char** argv) {
  if (argc < 6) bench::die("usage: search_load PORT INDEX FILE.npy BASE_ROWS QUERIES [SECONDS]");
  const int port = std::atoi(argv[1]);
  const std::string target = "/api/v1/indices/" + std::string(argv[2]) + "/search";
  const auto rows = bench::read_npy(argv[3]);
  const std::size_t base = std::strtoull(argv[4], nullptr, 10),
                    queries = std::strtoull(argv[5], nullptr, 10);
  const double seconds = argc > 6 ? std::strtod(argv[6], nullptr) : 3;
  if (base + queries > rows.rows) bench::die("not enough rows");
  constexpr std::size_t kNearest = 10;

  std::vector<std::string> bodies(queries);
  for (std::size_t q = 0; q < queries; ++q) {
    bodies[q] = "{\"k\":10,\"vector\":";
    bench::append_vector(bodies[q], rows.row(base + q));
    bodies[q] += "}";
  }
  bench::Http http(port, bench::environment("MLGRAPH_TOKEN"));

  std::size_t hits = 0;
  for (std::size_t q = 0; q < queries; ++q) {
    const std::string_view answer = http.call("POST", target, bodies[q]);
    const auto query = rows.row(base + q);
    const auto distance_to = [&](std::size_t row) {
      float sum = 0;
      for (std::size_t d = 0; d < rows.dim; ++d)
        sum += (rows.row(row)[d] - query[d]) * (rows.row(row)[d] - query[d]);
      return sum;
    };
    const float worst = distance_to(bench::exact_nearest(rows, base, query, kNearest).back());
    for (std::size_t at = 0; (at = answer.find("\"id\":\"", at)) != std::string_view::npos;) {
      at += 6;
      hits += distance_to(std::strtoull(answer.data() + at, nullptr, 10)) <= worst * 1.000001F;
    }
  }

  std::vector<double> us;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t q = 0; bench::seconds_since(begin) < seconds; ++q) {
    const auto asked = std::chrono::steady_clock::now();
    static_cast<void>(http.call("POST", target, bodies[q % queries]));
    us.push_back(bench::seconds_since(asked) * 1e6);
  }
  const double took = bench::seconds_since(begin);
  const double p50 = bench::percentile(us, 0.5), p99 = bench::percentile(us, 0.99);
  std::printf(
      "{\"recall\":%.4f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"qps\":%.0f}\n",
      static_cast<double>(hits) / static_cast<double>(queries * kNearest),
      p50,
      p99,
      static_cast<double>(us.size()) / took
  );
}
