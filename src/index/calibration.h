#pragma once
// Measures how far searches of a new part must go.
#include <cstdint>
#include <functional>
#include <span>

#include "base/error.h"
#include "index/graph_part.h"
#include "index/ivf_part.h"

namespace mlgraph::index {

struct CalibrationOptions {
  std::size_t threads = 2;
  /// 0..1; false: cancel. From any of the threads.
  std::function<bool(double fraction)> on_progress;
};

/// Finds, for each number of rows in ProbeRule::kNearest, the least effort that finds most of that
/// many nearest of a query, against exact search, on average and beyond what the choice of queries
/// may have done for it.
/// queries   positions in `part`; a query does not find itself. Its row must not have helped to
///           arrange the part: those it has pulled towards itself lie nearer than to queries to
///           come.
/// cost      queries * rows distances by codes.      errors  kCancelled, kInternal (the disk).
[[nodiscard]] base::Result<ProbeRule> calibrate_lists(
    const IvfPart& part, std::span<const std::uint32_t> queries, const CalibrationOptions& options
);
/// The queries are the last rows of `part`, and not linked yet.
[[nodiscard]] base::Result<ProbeRule> calibrate_graph(
    const GraphPart& part, std::span<const std::uint32_t> queries, const CalibrationOptions& options
);

}  // namespace mlgraph::index
