// Searches over HTTP keep-alive; recall against the exact answer of the set.
//   search_load PORT INDEX BASE.npy QUERIES.npy TRUTH.ivecs [options]
// MLGRAPH_TOKEN is in the environment; ids in the index are row numbers. Prints a line per rung:
// {"recall":…,"mean_us":…,"p50_us":…,"p99_us":…,"qps":…,"queries":…}, the varied member in front.
//   --member NAME   what is varied: nprobe or ef. Without it the server's own choice is measured
//   --rungs a,b     values to measure; without them a ladder is climbed until --recall is reached
//   --clients N --seconds S     connections, each with its thread, and how long a rung takes
//   --filter JSON   sent with each search; TRUTH.ivecs is then the truth behind it
//   --exact         compares with every vector
//   --unchecked     without recall: nothing is asked but what is timed
// Requests are made before the clock runs: what is measured is sending, waiting and receiving.
#include <thread>

#include <CLI/CLI.hpp>

#include "ground_truth.h"

namespace {
struct Options {
  int port = 0, clients = 1;
  std::string index, base, queries, truth, member, filter;
  std::vector<std::size_t> rungs;
  double recall = 0.99, seconds = 3;
  bool exact = false, unchecked = false;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        set_(options.base, options.queries, options.truth),
        target_("/api/v1/indices/" + options.index + "/search"),
        token_(bench::environment("MLGRAPH_TOKEN")) {}

  /// Measures one rung (0: the server's choice), prints its line, and returns the recall.
  double rung(std::size_t value) {
    make_bodies(value);
    const double recall = options_.unchecked ? 0 : recall_now();
    std::vector<std::vector<double>> us(static_cast<std::size_t>(options_.clients));
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> clients;
    for (std::size_t c = 0; c < us.size(); ++c)
      clients.emplace_back([&, c] {
        bench::Http http(options_.port, token_);
        // Each begins elsewhere, so that no two ask the same thing at one time.
        for (std::size_t q = c * 61; bench::seconds_since(begin) < options_.seconds; ++q) {
          const auto asked = std::chrono::steady_clock::now();
          static_cast<void>(http.call("POST", target_, bodies_[q % bodies_.size()]));
          us[c].push_back(bench::seconds_since(asked) * 1e6);
        }
      });
    for (auto& client : clients) client.join();
    const double took = bench::seconds_since(begin);
    std::vector<double> all;
    for (const auto& one : us) all.insert(all.end(), one.begin(), one.end());
    double sum = 0;
    for (const double one : all) sum += one;
    std::printf("{");
    if (value > 0) std::printf("\"%s\":%zu,", options_.member.c_str(), value);
    const double count = static_cast<double>(all.size());
    const double p50 = bench::percentile(all, 0.5), p99 = bench::percentile(all, 0.99);
    std::printf(
        "\"recall\":%.4f,\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"qps\":%.0f,"
        "\"queries\":%zu}\n",
        recall,
        sum / count,
        p50,
        p99,
        count / took,
        all.size()
    );
    std::fflush(stdout);
    return recall;
  }

 private:
  void make_bodies(std::size_t value) {
    bodies_.clear();
    for (std::size_t q = 0; q < set_.queries.rows(); ++q) {
      std::string body = "{\"k\":" + std::to_string(bench::kNearest) + ",\"include\":[]";
      if (value > 0) body += ",\"" + options_.member + "\":" + std::to_string(value);
      if (options_.exact) body += ",\"exact\":true";
      if (!options_.filter.empty()) body += ",\"filter\":" + options_.filter;
      body += ",\"vector\":";
      bench::append_vector(body, {set_.queries.row(q), set_.queries.dim()});
      bodies_.push_back(body + "}");
    }
  }

  double recall_now() {
    bench::Http http(options_.port, token_);
    std::size_t hits = 0;
    for (std::size_t q = 0; q < bodies_.size(); ++q) {
      const std::string_view answer = http.call("POST", target_, bodies_[q]);
      for (std::size_t at = 0; (at = answer.find("\"id\":\"", at)) != std::string_view::npos;) {
        at += 6;
        hits += set_.hit(q, std::strtoull(answer.data() + at, nullptr, 10));
      }
    }
    return static_cast<double>(hits) / static_cast<double>(bodies_.size() * bench::kNearest);
  }

  const Options& options_;
  bench::GroundTruth set_;
  std::string target_, token_;
  std::vector<std::string> bodies_;
};
}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app;
  app.add_option("port", options.port)->required();
  app.add_option("index", options.index)->required();
  app.add_option("base", options.base)->required();
  app.add_option("queries", options.queries)->required();
  app.add_option("truth", options.truth)->required();
  app.add_option("--member", options.member);
  app.add_option("--rungs", options.rungs)->delimiter(',');
  app.add_option("--recall", options.recall);
  app.add_option("--clients", options.clients);
  app.add_option("--seconds", options.seconds);
  app.add_option("--filter", options.filter);
  app.add_flag("--exact", options.exact);
  app.add_flag("--unchecked", options.unchecked);
  CLI11_PARSE(app, argc, argv);

  Load load(options);
  if (options.member.empty()) return load.rung(0), 0;
  for (const std::size_t value : options.rungs) load.rung(value);
  if (!options.rungs.empty()) return 0;
  for (std::size_t value = options.member == "ef" ? bench::kNearest : 1; value <= 65'536;
       value = bench::next_rung(value))
    if (load.rung(value) >= options.recall) return 0;
  bench::die("the recall was not reached");
}
