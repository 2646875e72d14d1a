#pragma once
// A bounded load of some clients for some seconds, and what came of it.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/mutex.h"
#include "cli/context.h"
#include "metrics/histogram.h"

namespace mlgraph::cli {

/// What the clients of one run count. Threads: shared.
struct BenchCounts {
  metrics::Histogram latency;  ///< of what succeeded
  std::atomic<std::uint64_t> max_ns{0};
  std::atomic<std::uint64_t> items{0};  ///< what the rate is of
  std::atomic<std::uint64_t> errors{0};

  void record(std::chrono::nanoseconds took, std::uint64_t count);
  /// Keeps the first error's text.
  void fail(const std::string& message);
  [[nodiscard]] std::string first_error() const;

 private:
  mutable base::Mutex mutex_;
  std::string first_error_ MLG_GUARDED_BY(mutex_);
};

struct BenchPlan {
  std::uint32_t clients = 4;
  double seconds = 5;
};

/// Runs `client(number, go_on)` on a thread each; it works while `go_on()`. Ctrl-C ends the run
/// early, and its figures are told.
/// returns  how long it really took, in seconds
double run_clients(
    const BenchPlan& plan,
    const std::function<void(std::uint32_t, const std::function<bool()>&)>& client
);

/// Rate, percentiles and errors; as JSON where that is asked for. returns the exit code: kRefused
/// when nothing succeeded.
int tell_bench(
    const Context& context,
    const char* what,
    const char* unit,
    const BenchPlan& plan,
    double seconds,
    const BenchCounts& counts,
    const std::string& remark = {}
);

}  // namespace mlgraph::cli
