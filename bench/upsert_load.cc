// Durable upserts over REST as JSON, in batches, from a few keep-alive connections.
//   upsert_load PORT INDEX FILE.npy ROWS BATCH CLIENTS       prints {"vectors_per_second":…}
#include <atomic>
#include <thread>

#include "load_client.h"

int main(int argc, char** argv) {
  if (argc < 7) bench::die("usage: upsert_load PORT INDEX FILE.npy ROWS BATCH CLIENTS");
  const int port = std::atoi(argv[1]);
  const std::string target = "/api/v1/indices/" + std::string(argv[2]) + "/vectors";
  const auto rows = bench::read_npy(argv[3]);
  const std::size_t count = std::min<std::size_t>(std::strtoull(argv[4], nullptr, 10), rows.rows);
  const std::size_t batch = std::strtoull(argv[5], nullptr, 10);
  const int clients = std::atoi(argv[6]);
  std::vector<std::string> bodies;
  for (std::size_t i = 0; i < count; i += batch) {
    std::string body = "{\"vectors\":[";
    for (std::size_t n = i; n < std::min(count, i + batch); ++n) {
      body += (n > i ? ",{\"id\":\"" : "{\"id\":\"") + std::to_string(n) + "\",\"values\":";
      bench::append_vector(body, rows.row(n));
      body += "}";
    }
    bodies.push_back(body + "]}");
  }
  std::atomic<std::size_t> next{0};
  const std::string token = bench::environment("MLGRAPH_TOKEN");
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int c = 0; c < clients; ++c)
    threads.emplace_back([&] {
      bench::Http http(port, token);
      for (std::size_t i; (i = next++) < bodies.size();)
        static_cast<void>(http.call("POST", target, bodies[i]));
    });
  for (auto& thread : threads) thread.join();
  std::printf(
      "{\"vectors\":%zu,\"batch\":%zu,\"clients\":%d,\"vectors_per_second\":%.0f}\n",
      count,
      batch,
      clients,
      static_cast<double>(count) / bench::seconds_since(begin)
  );
}
