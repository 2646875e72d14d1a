#include "metrics/samples.h"

#include <cmath>

namespace mlgraph::metrics {
namespace {
/// Three decimals: what a reader can use, as the page shows them.
double rounded(double value) { return std::round(value * 1000) / 1000; }
}  // namespace

void write(base::JsonWriter& out, const SystemSample& sample) {
  out.object([&] {
    out.member("node", sample.node);
    out.member("qps", rounded(sample.qps));
    out.member("latency_p50_ms", rounded(sample.latency_p50_ms));
    out.member("latency_p99_ms", rounded(sample.latency_p99_ms));
    out.member("active_connections", sample.active_connections);
    out.member("memory_used_gb", rounded(sample.memory_used_gb));
    out.member("cpu_percent", rounded(sample.cpu_percent));
    out.member("memory_limit_gb", rounded(sample.memory_limit_gb));
    out.member("disk_used_gb", rounded(sample.disk_used_gb));
    out.member("uptime_seconds", rounded(sample.uptime_seconds));
    out.member("events_per_second", rounded(sample.events_per_second));
  });
}

void write(base::JsonWriter& out, const IndexSample& sample) {
  out.object([&] {
    out.member("index", sample.index);
    out.member("vectors", sample.vectors);
    out.member("deleted", sample.deleted);
    out.member("bytes", sample.bytes);
    out.member("shards", sample.shards);
    out.key("tiers");
    out.object([&] {
      out.member("idmap", sample.idmap);
      out.member("ivf", sample.ivf);
      out.member("ondisk", sample.ondisk);
      out.member("merged", sample.merged);
    });
    out.member("unindexed", sample.unindexed);
  });
}

void write(base::JsonWriter& out, const SearchSample& sample) {
  out.object([&] {
    out.member("index", sample.index);
    out.member("qps", rounded(sample.qps));
    out.member("latency_p50_ms", rounded(sample.latency_p50_ms));
    out.member("latency_p99_ms", rounded(sample.latency_p99_ms));
    out.member("errors_per_second", rounded(sample.errors_per_second));
    out.member("vectors_scanned", rounded(sample.vectors_scanned));
    if (sample.recall >= 0) out.member("recall", rounded(sample.recall));
  });
}

void write(base::JsonWriter& out, const IngestSample& sample) {
  out.object([&] {
    out.member("index", sample.index);
    out.member("rate", rounded(sample.rate));
    out.member("bytes_per_second", rounded(sample.bytes_per_second));
    out.member("pending", sample.pending);
    out.member("failed", sample.failed);
  });
}

}  // namespace mlgraph::metrics
