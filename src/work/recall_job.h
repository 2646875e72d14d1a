#pragma once
// How many of the nearest vectors plain searches find, measured on demand.
#include <optional>
#include <string>

#include "index/engine.h"
#include "jobs/runner.h"
#include "metrics/server_metrics.h"

namespace mlgraph::work {

struct RecallMeasurement {
  std::string index;
  std::uint32_t samples = 100;  ///< 1..1,000 vectors of the index, chosen at random
  std::uint32_t k = 10;         ///< 1..100
  std::optional<std::uint32_t> nprobe, ef;
};

/// {samples?, k?, nprobe?, ef?}. errors kInvalidValue naming member and limits.
[[nodiscard]] base::Result<RecallMeasurement> parse_recall(const base::Json& body);

/// Begins a job of type "recall": each sample is searched for as a client would and exactly, itself
/// left out of both; what it finds goes to the index's metrics. Processes samples.
/// cost    an exact search a sample, on a thread of the background.
/// errors  those of jobs::Runner::start.
[[nodiscard]] base::Result<model::Job> start_recall(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    jobs::Runner& runner,
    const RecallMeasurement& what
);

}  // namespace mlgraph::work
