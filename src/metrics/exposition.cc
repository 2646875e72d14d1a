#include "metrics/exposition.h"

#include <fmt/format.h>

namespace mlgraph::metrics {
namespace {

class Page {
 public:
  void head(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(
        std::back_inserter(text_),
        "# HELP mlgraph_{} {}\n# TYPE mlgraph_{} {}\n",
        name,
        help,
        name,
        type
    );
  }
  template <typename Number>
  void sample(std::string_view name, std::string_view labels, Number value) {
    fmt::format_to(
        std::back_inserter(text_),
        "mlgraph_{}{}{}{} {}\n",
        name,
        labels.empty() ? "" : "{",
        labels,
        labels.empty() ? "" : "}",
        value
    );
  }
  template <typename Number>
  void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
    head(name, type, help);
    sample(name, "", value);
  }
  void summary(std::string_view name, std::string_view labels, const Histogram& histogram) {
    const auto counts = histogram.counts();
    const std::string comma = labels.empty() ? "" : ",";
    for (const double q : {0.5, 0.9, 0.99, 0.999})
      sample(
          name, fmt::format("{}{}quantile=\"{}\"", labels, comma, q), quantile_seconds(counts, q)
      );
    sample(std::string(name) + "_sum", labels, histogram.sum_seconds());
    sample(std::string(name) + "_count", labels, histogram.total());
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void process_lines(Page& page, const Gauges& gauges) {
  page.single(
      "memory_resident_bytes", "gauge", "resident set of the process", gauges.process.resident_bytes
  );
  page.single(
      "memory_limit_bytes",
      "gauge",
      "the least of configured limit, cgroup limit and RAM",
      gauges.process.memory_limit_bytes
  );
  page.single(
      "cpu_percent",
      "gauge",
      "CPU of the process in percent of one core",
      gauges.process.cpu_percent
  );
  page.single(
      "disk_used_bytes", "gauge", "files of the data directory", gauges.process.disk_used_bytes
  );
  page.single(
      "disk_free_bytes", "gauge", "free bytes of its file system", gauges.process.disk_free_bytes
  );
  page.single(
      "open_descriptors", "gauge", "open file descriptors", gauges.process.open_descriptors
  );
  page.single("uptime_seconds", "gauge", "seconds since the start", gauges.process.uptime_seconds);
}

void delivery_lines(Page& page, const ServerMetrics& metrics) {
  page.single(
      "active_connections", "gauge", "sessions past the upgrade", metrics.active_connections.load()
  );
  page.single(
      "active_streams", "gauge", "streams of Server-Sent Events", metrics.active_streams.load()
  );
  page.single("http_requests_total", "counter", "requests read", metrics.http_requests.load());
  page.single(
      "events_sent_total",
      "counter",
      "event deliveries handed to the kernel",
      metrics.events_sent.load()
  );
  page.single(
      "bytes_sent_total",
      "counter",
      "bytes of sessions handed to the kernel",
      metrics.bytes_sent.load()
  );
  page.single("sends_total", "counter", "vectored sends of sessions", metrics.sends.load());
  page.single(
      "queued_bytes",
      "gauge",
      "bytes that wait in the queues of sessions, as of the last second",
      metrics.queued_bytes.load()
  );
  page.single(
      "conflations_total",
      "counter",
      "metric samples replaced by newer ones for slow sessions",
      metrics.conflations.load()
  );
  page.single(
      "catch_ups_total",
      "counter",
      "sessions that fell behind and read on from the log",
      metrics.catch_ups.load()
  );
  page.single(
      "sessions_behind", "gauge", "sessions that read the log now", metrics.sessions_behind.load()
  );
  page.single(
      "replayed_events_total", "counter", "deliveries out of the log", metrics.replayed.load()
  );
  page.single(
      "replay_read_entries_total",
      "counter",
      "log entries read from disk for replays",
      metrics.replay_read.load()
  );
  page.single(
      "replay_passed_entries_total",
      "counter",
      "log entries that replays passed by unread",
      metrics.replay_passed.load()
  );
  page.single(
      "connections_refused_total",
      "counter",
      "connections refused for lack of descriptors",
      metrics.connections_refused.load()
  );
  page.single(
      "config_reload_successful",
      "gauge",
      "0: the last SIGHUP found a configuration that cannot be meant",
      metrics.config_reloaded.load() ? 1 : 0
  );
  page.single(
      "loop_busy_seconds_total",
      "counter",
      "CPU of I/O loops and sampler",
      static_cast<double>(metrics.loop_busy_ns.load()) * 1e-9
  );
  page.head("closes_total", "counter", "WebSocket closes by code");
  for (const auto& [code, count] : metrics.closes())
    page.sample("closes_total", fmt::format("code=\"{}\"", code), count);
  page.head("errors_total", "counter", "error answers by code");
  for (const auto& [code, count] : metrics.errors())
    page.sample("errors_total", fmt::format("code=\"{}\"", code), count);
  page.head("commit_seconds", "summary", "command submitted to event published");
  page.summary("commit_seconds", "", metrics.commit_latency);
  page.head("publish_seconds", "summary", "event committed to its bytes handed to the kernel");
  page.summary("publish_seconds", "", metrics.publish_latency);
}

void index_lines(Page& page, const ServerMetrics& metrics, const Sampler& sampler) {
  page.head("index_vectors", "gauge", "live vectors by tier");
  for (const auto& [name, sample] : sampler.newest_indices()) {
    page.sample("index_vectors", fmt::format("index=\"{}\",tier=\"idmap\"", name), sample.idmap);
    page.sample("index_vectors", fmt::format("index=\"{}\",tier=\"ivf\"", name), sample.ivf);
  }
  const auto indices = metrics.indices();
  page.head("searches_total", "counter", "searches answered");
  for (const auto& [name, index] : indices)
    page.sample("searches_total", fmt::format("index=\"{}\"", name), index->searches_total.load());
  page.head("search_errors_total", "counter", "searches refused or failed");
  for (const auto& [name, index] : indices)
    page.sample(
        "search_errors_total", fmt::format("index=\"{}\"", name), index->errors_total.load()
    );
  page.head("ingested_total", "counter", "rows written");
  for (const auto& [name, index] : indices)
    page.sample("ingested_total", fmt::format("index=\"{}\"", name), index->ingested_total.load());
  page.head("search_seconds", "summary", "search latency at the server's edge");
  for (const auto& [name, index] : indices)
    page.summary("search_seconds", fmt::format("index=\"{}\"", name), index->search_latency);
}

}  // namespace

std::string expose(const ServerMetrics& metrics, const Sampler& sampler) {
  Page page;
  process_lines(page, *sampler.newest());
  delivery_lines(page, metrics);
  index_lines(page, metrics, sampler);
  return page.take();
}

}  // namespace mlgraph::metrics
