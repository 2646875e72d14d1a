#pragma once
// The once-a-second look at everything: metrics.* events, and whoever else works by the second.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "metrics/process_stats.h"
#include "metrics/samples.h"
#include "metrics/server_metrics.h"
#include "model/event_kind.h"

namespace mlgraph::metrics {

/// What rules look at, measured in the same tick as the events.
struct Gauges {
  ProcessSample process;
  SystemSample system;
  /// By index, those searched in the last 10 s.
  struct Search {
    SearchSample sample;
    double error_fraction = 0;  ///< refused or failed, of the last 10 s' searches
  };
  std::map<std::string, Search> search;
};

/// Place     one per server; ends before what its hooks use.
/// Threads   one of its own; newest() anywhere. tick() may be driven by a test instead of start().
class Sampler {
 public:
  struct Options {
    std::string node = "n1";
    std::string data_dir;
    std::uint64_t memory_limit_bytes = 0;
  };
  using Sink = std::function<void(
      model::EventKind kind,
      const std::string& entity,
      const std::string& index,
      base::Timestamp at,
      const std::string& data_json
  )>;
  using IndexSamples = std::function<std::vector<IndexSample>()>;

  Sampler(
      ServerMetrics& metrics,
      const base::Clock& clock,
      Options options,
      IndexSamples index_samples,
      Sink sink
  );
  ~Sampler();
  /// Before start(): called after each tick, on the sampler's thread.
  void each_second(std::function<void(const Gauges& gauges)> hook) {
    second_hooks_.push_back(std::move(hook));
  }
  void each_tenth(std::function<void()> hook) { tenth_hooks_.push_back(std::move(hook)); }
  void start();
  void stop();
  void tick();

  [[nodiscard]] std::shared_ptr<const Gauges> newest() const;
  [[nodiscard]] std::map<std::string, IndexSample> newest_indices() const;
  [[nodiscard]] std::map<std::string, SearchSample> newest_search() const;
  [[nodiscard]] std::map<std::string, IngestSample> newest_ingest() const;

 private:
  void run();
  SystemSample sample_system(const ProcessSample& process, base::SteadyTime now);
  void sample_indices(base::Timestamp at);
  void sample_traffic(base::SteadyTime now, base::Timestamp at, Gauges& gauges);

  ServerMetrics& metrics_;
  const base::Clock& clock_;
  const Options options_;
  const IndexSamples index_samples_;
  const Sink sink_;
  std::vector<std::function<void(const Gauges&)>> second_hooks_;
  std::vector<std::function<void()>> tenth_hooks_;

  // Confined to the sampler's thread.
  struct Traffic {
    std::shared_ptr<IndexMetrics> metrics;
    std::unique_ptr<WindowedQuantiles> latency;
    struct Totals {
      std::uint64_t searches = 0;
      std::uint64_t errors = 0;
    };
    std::deque<Totals> totals;  ///< of the last 10 ticks, oldest first
    std::uint64_t ingested = 0;
    double recall = -1;
  };
  ProcessStats process_;
  WindowedQuantiles latency_;
  std::map<std::string, Traffic> traffic_;

  mutable base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ MLG_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Gauges> newest_ MLG_GUARDED_BY(mutex_) = std::make_shared<const Gauges>();
  std::map<std::string, IndexSample> indices_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, SearchSample> search_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, IngestSample> ingest_ MLG_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace mlgraph::metrics
