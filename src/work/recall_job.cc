#include "work/recall_job.h"

#include <random>
#include <set>

namespace mlgraph::work {
namespace {

using base::Result;

constexpr std::uint32_t kSamplesMax = 1'000;
constexpr std::uint32_t kNearestMax = 100;
constexpr std::uint32_t kEffortMax = 1'000'000;

Result<std::optional<std::uint32_t>> count(
    const base::Json& body, const char* key, std::uint32_t most
) {
  const auto* value = body.find(key);
  if (!value) return std::optional<std::uint32_t>();
  const auto number = value->as_uint();
  if (!number || *number < 1 || *number > most)
    return base::fail_at(
        key, base::ErrorCode::kInvalidValue, "{} must be a whole number from 1 to {}", key, most
    );
  return std::optional(static_cast<std::uint32_t>(*number));
}

/// The ids of the k nearest of `record`, itself left out.
Result<std::set<std::string>> neighbours(
    index::Engine& engine,
    const RecallMeasurement& what,
    const index::VectorRecord& record,
    bool exact
) {
  index::SearchRequest request;
  request.query = record.values;
  request.k = what.k + 1;
  request.nprobe = what.nprobe;
  request.ef = what.ef;
  request.exact = exact;
  request.with_metadata = false;
  MLG_TRY(answer, engine.search(what.index, request));
  std::set<std::string> ids;
  for (const auto& hit : answer.hits)
    if (hit.id != record.id && ids.size() < what.k) ids.insert(hit.id);
  return ids;
}

Result<void> measure(
    index::Engine& engine,
    metrics::IndexMetrics& metrics,
    const RecallMeasurement& what,
    jobs::JobHandle& job
) {
  job.set_phase("measuring");
  job.set_total(what.samples);
  std::mt19937_64 random(std::random_device{}());
  std::size_t found = 0;
  std::size_t wanted = 0;
  for (std::uint32_t i = 0; i < what.samples; ++i) {
    if (job.cancelled())
      return base::fail(base::ErrorCode::kCancelled, "the measurement was cancelled");
    MLG_TRY(record, engine.any(what.index, random()));
    MLG_TRY(exact, neighbours(engine, what, record, true));
    MLG_TRY(plain, neighbours(engine, what, record, false));
    for (const auto& id : exact) found += plain.contains(id) ? 1 : 0;
    wanted += exact.size();
    job.add_processed(1);
  }
  metrics.recall = wanted > 0 ? static_cast<double>(found) / static_cast<double>(wanted) : 1;
  return {};
}

}  // namespace

Result<RecallMeasurement> parse_recall(const base::Json& body) {
  RecallMeasurement what;
  MLG_TRY(samples, count(body, "samples", kSamplesMax));
  MLG_TRY(k, count(body, "k", kNearestMax));
  MLG_TRY(nprobe, count(body, "nprobe", kEffortMax));
  MLG_TRY(ef, count(body, "ef", kEffortMax));
  what.samples = samples.value_or(what.samples);
  what.k = k.value_or(what.k);
  what.nprobe = nprobe;
  what.ef = ef;
  return what;
}

Result<model::Job> start_recall(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    jobs::Runner& runner,
    const RecallMeasurement& what
) {
  jobs::JobSpec spec{"recall", what.index, {}, what.samples, "starting", {}};
  spec.lane = jobs::Lane::kExports;
  return runner.start(
      spec,
      [&engine, counts = metrics.index(what.index), what](jobs::JobHandle& job) {
        return measure(engine, *counts, what, job);
      }
  );
}

}  // namespace mlgraph::work
