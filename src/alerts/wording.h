#pragma once
#include <string>

#include "alerts/rule.h"

namespace mlgraph::alerts {
/// "High memory usage": the page's own words where it has some.
[[nodiscard]] std::string title_of(const Rule& rule);
/// "Node n1 memory at 85%"; `index` is empty for the node's own values.
[[nodiscard]] std::string message_of(
    const Rule& rule, const std::string& node, const std::string& index, double value
);
}  // namespace mlgraph::alerts
