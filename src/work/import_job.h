#pragma once
#include <functional>
#include <optional>

#include "index/engine.h"
#include "jobs/runner.h"
#include "jobs/tally.h"
#include "metrics/server_metrics.h"
#include "work/row_source.h"

namespace mlgraph::work {

/// How far the bytes of an import have come, for files that don't say how many rows they have.
struct BodyMeasure {
  std::optional<std::uint64_t> length;  ///< of the body or file as it comes, compressed or not
  /// Bytes of it that are read; empty: those that the row source tells.
  std::function<std::uint64_t()> read = {};
};

/// Reads rows and writes them as they come; bad rows are counted and passed over. All rows are
/// durable on return, also when it returns an error: what was applied stays. Phases "reading" until
/// the first row, then "writing", "syncing".
/// left     what the job had done before, when it goes on after a restart: as many rows of the file
///          are passed over (phase "resuming"), whether they were applied or refused.
/// Threads  blocks its caller.
/// errors   those of the source and the engine, kCancelled.
[[nodiscard]] base::Result<void> run_import(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    jobs::JobHandle& job,
    RowSource& source,
    const BodyMeasure& measure,
    const jobs::Tally& left = {}
);

}  // namespace mlgraph::work
