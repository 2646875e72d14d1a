#pragma once
// The event that a watch waits for.
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/channel.h"

namespace mlgraph::cli {

/// What an event is about: the jobId, index, alertId or node. Empty for messages that are none.
[[nodiscard]] std::string entity_of(std::string_view type, const base::Json& message);

/// Channel patterns of which an event that ends a watch matches one. Threads: immutable.
class Until {
 public:
  /// errors kInvalidChannel naming the pattern.
  [[nodiscard]] static base::Result<Until> parse(const std::vector<std::string>& patterns);
  [[nodiscard]] bool is_end(std::string_view type, const base::Json& message) const;

 private:
  std::vector<protocol::Pattern> patterns_;
};

/// How a watch that ended with this event ends: job.failed by its error, everything else is kOk.
[[nodiscard]] int exit_of_event(std::string_view type, const base::Json& message);

}  // namespace mlgraph::cli
