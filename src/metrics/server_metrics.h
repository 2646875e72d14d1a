#pragma once
// Every counter of the server in one place: written by whoever does the work, read by the sampler
// and /metrics.
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "metrics/histogram.h"

namespace mlgraph::metrics {

/// What is counted per index. Threads: shared.
struct IndexMetrics {
  Histogram search_latency;  ///< at the server's edge: request read to answer written
  SlidingRate searches;      ///< answered
  SlidingRate search_errors;
  SlidingRate vectors_scanned;
  SlidingRate ingested;  ///< rows applied
  SlidingRate ingested_bytes;
  std::atomic<std::uint64_t> ingest_failed{0};
  std::atomic<std::int64_t> ingest_pending{0};  ///< rows read but not applied yet
  std::atomic<std::uint64_t> searches_total{0};
  std::atomic<std::uint64_t> errors_total{0};
  std::atomic<std::uint64_t> ingested_total{0};
  std::atomic<double> recall{-1};  ///< as measured last; below 0: not yet
};

/// Threads: shared.
struct ServerMetrics {
  Histogram search_latency;  ///< all indices
  SlidingRate searches;
  SlidingRate search_errors;
  SlidingRate events;         ///< durable and metric events published
  Histogram commit_latency;   ///< command submitted to entry published
  Histogram publish_latency;  ///< event committed to its bytes handed to the kernel, per loop flush
  std::atomic<std::int64_t> active_connections{0};  ///< WebSocket sessions past the upgrade
  std::atomic<std::int64_t> active_streams{0};      ///< of Server-Sent Events
  std::atomic<std::uint64_t> http_requests{0};
  std::atomic<std::uint64_t> events_sent{0};
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> sends{0};
  std::atomic<std::int64_t> queued_bytes{0};  ///< of all sessions, as of the last second
  std::atomic<std::uint64_t> conflations{0};
  std::atomic<std::uint64_t> catch_ups{0};       ///< sessions that fell behind
  std::atomic<std::int64_t> sessions_behind{0};  ///< that read the log now
  std::atomic<std::uint64_t> replayed{0};        ///< deliveries out of the log
  std::atomic<std::uint64_t> replay_read{0};     ///< entries read from disk for them
  std::atomic<std::uint64_t> replay_passed{0};   ///< entries passed by unread, by block summaries
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<bool> config_reloaded{true};     ///< false: the last reload was refused
  std::atomic<std::uint64_t> loop_busy_ns{0};  ///< CPU of the I/O loops and the sampler

  /// The counters of an index, made on first use; they live until remove() and beyond for those who
  /// hold them.
  [[nodiscard]] std::shared_ptr<IndexMetrics> index(const std::string& name);
  void remove(const std::string& name);
  [[nodiscard]] std::vector<std::pair<std::string, std::shared_ptr<IndexMetrics>>> indices() const;
  void count_close(int code);
  void count_error(const std::string& code);
  [[nodiscard]] std::map<int, std::uint64_t> closes() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> errors() const;

 private:
  mutable base::Mutex mutex_;
  std::map<std::string, std::shared_ptr<IndexMetrics>> indices_ MLG_GUARDED_BY(mutex_);
  std::map<int, std::uint64_t> closes_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> errors_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::metrics
