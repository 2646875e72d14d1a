#include "cli/bench_run.h"

#include <csignal>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/json_view.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

std::atomic<bool> interrupted{false};

extern "C" void on_interrupt(int signal) {
  if (interrupted.exchange(true)) ::_exit(128 + signal);  // asked twice
}

constexpr double kMsPerSecond = 1'000;
constexpr double kNsPerMs = 1e6;

}  // namespace

void BenchCounts::record(std::chrono::nanoseconds took, std::uint64_t count) {
  latency.record(took);
  items += count;
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count()));
  auto seen = max_ns.load();
  while (ns > seen && !max_ns.compare_exchange_weak(seen, ns)) {
  }
}

void BenchCounts::fail(const std::string& message) {
  base::MutexLock lock(mutex_);
  if (errors++ == 0) first_error_ = message;
}

std::string BenchCounts::first_error() const {
  base::MutexLock lock(mutex_);
  return first_error_;
}

double run_clients(
    const BenchPlan& plan,
    const std::function<void(std::uint32_t, const std::function<bool()>&)>& client
) {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                               std::chrono::duration<double>(plan.seconds)
                           );
  const auto go_on = [end] { return !interrupted && std::chrono::steady_clock::now() < end; };
  std::vector<std::thread> threads;
  for (std::uint32_t number = 0; number < plan.clients; ++number)
    threads.emplace_back([&, number] { client(number, go_on); });
  for (auto& thread : threads) thread.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int tell_bench(
    const Context& context,
    const char* what,
    const char* unit,
    const BenchPlan& plan,
    double seconds,
    const BenchCounts& counts,
    const std::string& remark
) {
  constexpr double kMedian = 0.5;
  constexpr double kMost = 0.99;
  const auto table = counts.latency.counts();
  const double rate = static_cast<double>(counts.items) / seconds;
  const double p50 = metrics::quantile_seconds(table, kMedian) * kMsPerSecond;
  const double p99 = metrics::quantile_seconds(table, kMost) * kMsPerSecond;
  const double max = static_cast<double>(counts.max_ns) / kNsPerMs;
  int code = kOk;
  if (context.json) {
    code = emit(
        json_object([&](auto& out) {
          out.member("bench", what);
          out.member("clients", plan.clients);
          out.member("seconds", seconds);
          out.member("unit", unit);
          out.member("count", counts.items.load());
          out.member("per_second", rate);
          out.member("p50_ms", p50);
          out.member("p99_ms", p99);
          out.member("max_ms", max);
          out.member("errors", counts.errors.load());
          out.member("first_error", counts.first_error());
          out.member("remark", remark);
        }) +
        "\n"
    );
  } else {
    code = emit(fmt::format(
        "{} clients, {:.1f} s: {} {}, {:.0f}/s   p50 {:.2f} ms  p99 {:.2f} ms  max {:.2f} ms   {} "
        "errors\n{}",
        plan.clients,
        seconds,
        with_commas(counts.items),
        unit,
        rate,
        p50,
        p99,
        max,
        with_commas(counts.errors),
        remark.empty() ? "" : remark + "\n"
    ));
    if (counts.errors > 0) note("first error: " + safe(counts.first_error()));
  }
  return code == kOk && counts.items == 0 ? kRefused : code;
}

}  // namespace mlgraph::cli
