#pragma once
#include <string>
#include <vector>

#include "metrics/sampler.h"
#include "metrics/server_metrics.h"

namespace mlgraph::metrics {
/// Everything the server measures in Prometheus' text format 0.0.4. Label values are index names,
/// codes and the node, all of which obey a grammar: no user text.
[[nodiscard]] std::string expose(const ServerMetrics& metrics, const Sampler& sampler);
}  // namespace mlgraph::metrics
