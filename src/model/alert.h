#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::model {

enum class Severity : std::uint8_t { kWarning, kError, kResolved, kRateLimit };
[[nodiscard]] std::string_view name_of(Severity severity
);  ///< "warning", "error", "resolved", "rate_limit"
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view name);

/// The alert object of PROTOCOL §4.
struct Alert {
  std::string alert_id;  ///< the same from warning through error to resolved
  Severity severity = Severity::kWarning;
  std::string title;
  std::string message;
  base::Json metadata;  ///< object: {node, value, threshold, …}; rate limits: {token, limit,
                        ///< window_seconds, …}
  std::string rule;
  base::Timestamp since;  ///< when it was first raised
  bool open = true;
  std::string index;  ///< empty: about no index
  std::optional<base::Timestamp> acknowledged_at;
};

void write(base::JsonWriter& out, const Alert& alert);
[[nodiscard]] base::Result<Alert> parse_alert(const base::Json& object);

}  // namespace mlgraph::model
