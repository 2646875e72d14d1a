#include "alerts/wording.h"

#include <cmath>

namespace mlgraph::alerts {

std::string title_of(const Rule& rule) {
  switch (rule.metric) {
    case Gauge::kMemoryFraction:
      return "High memory usage";
    case Gauge::kDiskFraction:
      return "High disk usage";
    case Gauge::kSearchP99Ms:
      return "Slow searches";
    case Gauge::kSearchErrorFraction:
      return "Failing searches";
    case Gauge::kJobFailed:
      return "Job failed";
    case Gauge::kNodeLost:
      return "Node lost";
    case Gauge::kLagSeconds:
      return "Replication lag";
  }
  return rule.rule;
}

std::string message_of(
    const Rule& rule, const std::string& node, const std::string& index, double value
) {
  const auto percent = std::lround(value * 100);
  switch (rule.metric) {
    case Gauge::kMemoryFraction:
      return fmt::format("Node {} memory at {}%", node, percent);
    case Gauge::kDiskFraction:
      return fmt::format("Node {} disk at {}%", node, percent);
    case Gauge::kSearchP99Ms:
      return fmt::format("Index {} search p99 at {:.0f} ms", index, value);
    case Gauge::kSearchErrorFraction:
      return fmt::format("Index {} search errors at {}%", index, percent);
    case Gauge::kJobFailed:
      return fmt::format("Index {} has {:.0f} failed job{}", index, value, value > 1 ? "s" : "");
    case Gauge::kNodeLost:
      return fmt::format("{:.0f} node{} lost", value, value > 1 ? "s" : "");
    case Gauge::kLagSeconds:
      return fmt::format("Node {} lags by {:.0f} s", node, value);
  }
  return {};
}

}  // namespace mlgraph::alerts
