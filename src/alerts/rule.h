#pragma once
// Alert rules: a gauge, a comparison, three levels and a duration. Data, changed over REST.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mlgraph::alerts {

enum class Gauge : std::uint8_t {
  kMemoryFraction,       ///< resident memory over its limit
  kDiskFraction,         ///< used part of the data directory's file system
  kSearchP99Ms,          ///< per index, over the last 10 s
  kSearchErrorFraction,  ///< per index, of the last 10 s' searches
  kJobFailed,   ///< job.failed events of an index (cancelled ones do not count) since its last good
                ///< job
  kNodeLost,    ///< members of the cluster that are away; 0 on one machine
  kLagSeconds,  ///< replication lag; 0 on one machine
};
[[nodiscard]] std::string_view name_of(Gauge gauge);  ///< "memory_fraction", …
[[nodiscard]] std::optional<Gauge> parse_gauge(std::string_view name);

/// The alert rule object of PROTOCOL §4.
struct Rule {
  std::string rule;  ///< its name: "memory", "disk", …
  Gauge metric = Gauge::kMemoryFraction;
  bool above = true;  ///< comparison ">", at or above a level (else "<", at or below)
  std::optional<double> warn;
  std::optional<double> error;
  double clear = 0;               ///< resolved once the value is back below (above, for "<") it
  std::uint32_t for_seconds = 0;  ///< a breach must last this long
  bool enabled = true;
  /// The clear level that a client gave, and that stays; one that a later first level has passed
  /// waits for it to come back. Without one, clear follows the first level, as far from it as in
  /// the default rule.
  std::optional<double> clear_given = std::nullopt;
  bool operator==(const Rule&) const = default;
};

[[nodiscard]] std::vector<Rule> default_rules();
void write(base::JsonWriter& out, const Rule& rule);
/// What is kept of a rule, and the rule it was.
[[nodiscard]] std::string to_stored(const Rule& rule);
[[nodiscard]] base::Result<Rule> from_stored(const std::string& name, std::string_view stored);
/// Merges the members given into `rule`. errors kInvalidValue naming member and limit.
[[nodiscard]] base::Result<Rule> merge_rule(Rule rule, const base::Json& changes);

}  // namespace mlgraph::alerts
