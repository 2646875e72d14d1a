#pragma once
// Measures how many lists of a new part must be probed.
#include <cstdint>
#include <functional>
#include <span>

#include "base/error.h"
#include "index/ivf_part.h"

namespace mlgraph::index {

struct CalibrationOptions {
  std::size_t threads = 2;
  /// 0..1; false: cancel. From any of the threads.
  std::function<bool(double fraction)> on_progress;
};

/// Finds, for each number of rows in ProbeRule::kNearest, the fewest lists whose rows hold most of
/// that many nearest of a query, against exact search, on average and beyond what the choice of
/// queries may have done for it.
/// queries   positions in `part`; a query does not find itself. Its row must not have helped to
/// place
///           the centroids: those it has pulled towards itself lie nearer than to queries to come.
/// cost      queries * rows distances.      errors  kCancelled.
[[nodiscard]] base::Result<ProbeRule> calibrate(
    const IvfPart& part, std::span<const std::size_t> queries, const CalibrationOptions& options
);

}  // namespace mlgraph::index
