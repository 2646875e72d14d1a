#pragma once
// The data of metrics.* events, one struct a kind, with the JSON the page shows.
#include <cstdint>
#include <string>

#include "base/json.h"

namespace mlgraph::metrics {

struct SystemSample {
  std::string node;
  double qps = 0;
  double latency_p50_ms = 0;
  double latency_p99_ms = 0;
  std::int64_t active_connections = 0;
  double memory_used_gb = 0;  ///< 10^9 bytes
  double cpu_percent = 0;
  double memory_limit_gb = 0;
  double disk_used_gb = 0;
  double uptime_seconds = 0;
  double events_per_second = 0;
};
struct IndexSample {
  std::string index;
  std::uint64_t vectors = 0, deleted = 0, bytes = 0, shards = 0;
  std::uint64_t idmap = 0, ivf = 0, ondisk = 0, merged = 0;  ///< vectors by tier
  std::uint64_t unindexed = 0;  ///< in the head of a shard whose tier is beyond idmap
  bool operator==(const IndexSample&) const = default;
};
struct SearchSample {
  std::string index;
  double qps = 0, latency_p50_ms = 0, latency_p99_ms = 0, errors_per_second = 0;
  double vectors_scanned = 0;  ///< per second
  double recall = -1;          ///< 0..1 as measured last; below 0: not yet, and not told
  bool operator==(const SearchSample&) const = default;
};
struct IngestSample {
  std::string index;
  double rate = 0, bytes_per_second = 0;
  std::int64_t pending = 0;
  std::uint64_t failed = 0;
  bool operator==(const IngestSample&) const = default;
};

void write(base::JsonWriter& out, const SystemSample& sample);
void write(base::JsonWriter& out, const IndexSample& sample);
void write(base::JsonWriter& out, const SearchSample& sample);
void write(base::JsonWriter& out, const IngestSample& sample);

}  // namespace mlgraph::metrics
