#include "metrics/sampler.h"

#include <time.h>

#include "base/thread_pool.h"

namespace mlgraph::metrics {
namespace {

constexpr double kGb = 1e9;
constexpr auto kTenth = std::chrono::milliseconds(100);

template <typename Sample>
std::string to_json(const Sample& sample) {
  std::string text;
  base::JsonWriter out(text);
  write(out, sample);
  return text;
}

std::uint64_t thread_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(used.tv_nsec);
}

template <typename Map, typename Keep>
void keep_only(Map& map, const Keep& keep) {
  std::erase_if(map, [&](const auto& item) { return !keep.contains(item.first); });
}

// Whether `sample` is worth an event: it is the newest of its index then. After the last activity
// the numbers fall to 0, and whoever watches is told.
template <typename Sample>
bool keep_newest(std::map<std::string, Sample>& newest, const Sample& sample, bool active) {
  const auto it = newest.find(sample.index);
  if (!active && (it == newest.end() || it->second == sample)) return false;
  newest[sample.index] = sample;
  return true;
}

}  // namespace

Sampler::Sampler(
    ServerMetrics& metrics,
    const base::Clock& clock,
    Options options,
    IndexSamples index_samples,
    Sink sink
)
    : metrics_(metrics),
      clock_(clock),
      options_(std::move(options)),
      index_samples_(std::move(index_samples)),
      sink_(std::move(sink)),
      process_(options_.data_dir, options_.memory_limit_bytes, clock),
      latency_(metrics.search_latency) {}

Sampler::~Sampler() { stop(); }

void Sampler::start() {
  thread_ = std::thread([this] { run(); });
}

void Sampler::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sampler::run() {
  base::set_thread_role("sampler", 0);
  std::uint64_t cpu_before = 0;
  auto due = std::chrono::steady_clock::now();
  for (std::uint64_t tenth = 0;; ++tenth) {
    for (const auto& hook : tenth_hooks_) hook();
    if (tenth % 10 == 0) tick();
    const auto cpu = thread_cpu_ns();
    metrics_.loop_busy_ns.fetch_add(cpu - cpu_before, std::memory_order_relaxed);
    cpu_before = cpu;
    due += kTenth;
    // After a stop of the whole process the missed tenths are not made up for.
    if (const auto now = std::chrono::steady_clock::now(); now > due + std::chrono::seconds(1))
      due = now;
    base::MutexLock lock(mutex_);
    while (!stopping_ && wake_.wait_until(mutex_, due)) {
    }
    if (stopping_) return;
  }
}

void Sampler::tick() {
  const auto now = clock_.steady_now();
  const auto at = clock_.wall_now();
  auto gauges = std::make_shared<Gauges>();
  gauges->process = process_.sample();
  gauges->system = sample_system(gauges->process, now);
  sink_(model::EventKind::kMetricsSystem, options_.node, "", at, to_json(gauges->system));
  sample_indices(at);
  sample_traffic(now, at, *gauges);
  {
    base::MutexLock lock(mutex_);
    newest_ = gauges;
  }
  for (const auto& hook : second_hooks_) hook(*gauges);
}

SystemSample Sampler::sample_system(const ProcessSample& process, base::SteadyTime now) {
  latency_.tick();
  SystemSample sample;
  sample.node = options_.node;
  sample.qps = metrics_.searches.per_second(now);
  sample.latency_p50_ms = latency_.seconds(0.5) * 1e3;
  sample.latency_p99_ms = latency_.seconds(0.99) * 1e3;
  sample.active_connections = metrics_.active_connections.load(std::memory_order_relaxed);
  sample.memory_used_gb = static_cast<double>(process.resident_bytes) / kGb;
  sample.cpu_percent = process.cpu_percent;
  sample.memory_limit_gb = static_cast<double>(process.memory_limit_bytes) / kGb;
  sample.disk_used_gb = static_cast<double>(process.disk_used_bytes) / kGb;
  sample.uptime_seconds = process.uptime_seconds;
  sample.events_per_second = metrics_.events.per_second(now);
  return sample;
}

void Sampler::sample_indices(base::Timestamp at) {
  std::set<std::string> present;
  for (auto& sample : index_samples_()) {
    present.insert(sample.index);
    {
      base::MutexLock lock(mutex_);
      auto& last = indices_[sample.index];
      if (last == sample) continue;
      last = sample;
    }
    sink_(model::EventKind::kMetricsIndex, sample.index, sample.index, at, to_json(sample));
  }
  keep_only(traffic_, present);
  base::MutexLock lock(mutex_);
  keep_only(indices_, present);
  keep_only(search_, present);
  keep_only(ingest_, present);
}

void Sampler::sample_traffic(base::SteadyTime now, base::Timestamp at, Gauges& gauges) {
  for (const auto& [name, metrics] : metrics_.indices()) {
    {
      base::MutexLock lock(mutex_);
      if (!indices_.contains(name)) continue;  // counted for an index that is not there (any more)
    }
    auto& traffic = traffic_[name];
    if (traffic.metrics != metrics)
      traffic = {
          metrics, std::make_unique<WindowedQuantiles>(metrics->search_latency), {{}}, 0, -1};
    traffic.latency->tick();
    const Traffic::Totals totals{
        metrics->searches_total.load(std::memory_order_relaxed),
        metrics->errors_total.load(std::memory_order_relaxed)};
    const auto last_totals = traffic.totals.back();
    const auto window = traffic.totals.front();
    traffic.totals.push_back(totals);
    if (traffic.totals.size() > WindowedQuantiles::kWindow) traffic.totals.pop_front();
    const SearchSample search{
        name,
        metrics->searches.per_second(now),
        traffic.latency->seconds(0.5) * 1e3,
        traffic.latency->seconds(0.99) * 1e3,
        metrics->search_errors.per_second(now),
        metrics->vectors_scanned.per_second(now),
        metrics->recall.load(std::memory_order_relaxed)};
    const auto answered = totals.searches - window.searches;
    const auto failed = totals.errors - window.errors;
    if (answered + failed > 0)
      gauges.search[name] = {
          search, static_cast<double>(failed) / static_cast<double>(answered + failed)};
    const bool searched = totals.searches != last_totals.searches ||
                          totals.errors != last_totals.errors || search.recall != traffic.recall;
    traffic.recall = search.recall;
    const auto ingested = metrics->ingested_total.load(std::memory_order_relaxed);
    const IngestSample ingest{
        name,
        metrics->ingested.per_second(now),
        metrics->ingested_bytes.per_second(now),
        metrics->ingest_pending.load(std::memory_order_relaxed),
        metrics->ingest_failed.load(std::memory_order_relaxed)};
    const bool ingesting = ingested != traffic.ingested || ingest.pending != 0;
    traffic.ingested = ingested;
    bool tell_search = false;
    bool tell_ingest = false;
    {
      base::MutexLock lock(mutex_);
      tell_search = keep_newest(search_, search, searched);
      tell_ingest = keep_newest(ingest_, ingest, ingesting);
    }
    if (tell_search) sink_(model::EventKind::kMetricsSearch, name, name, at, to_json(search));
    if (tell_ingest) sink_(model::EventKind::kMetricsIngest, name, name, at, to_json(ingest));
  }
}

std::shared_ptr<const Gauges> Sampler::newest() const {
  base::MutexLock lock(mutex_);
  return newest_;
}
std::map<std::string, IndexSample> Sampler::newest_indices() const {
  base::MutexLock lock(mutex_);
  return indices_;
}
std::map<std::string, SearchSample> Sampler::newest_search() const {
  base::MutexLock lock(mutex_);
  return search_;
}
std::map<std::string, IngestSample> Sampler::newest_ingest() const {
  base::MutexLock lock(mutex_);
  return ingest_;
}

}  // namespace mlgraph::metrics
