#include "cli/until.h"

#include <algorithm>

#include "cli/exit.h"
#include "cli/json_view.h"

namespace mlgraph::cli {

std::string entity_of(std::string_view type, const base::Json& message) {
  const auto kind = model::parse_kind(type);
  if (!kind) return {};
  const auto& data = child(message, "data");
  switch (model::family_of(*kind)) {
    case model::Family::kJob:
      return text_of(data, "jobId");
    case model::Family::kAlert:
      return text_of(data, "alertId");
    case model::Family::kIndex:
      return text_of(data, "index");
    case model::Family::kMetrics:
      return text_of(data, *kind == model::EventKind::kMetricsSystem ? "node" : "index");
  }
  return {};
}

base::Result<Until> Until::parse(const std::vector<std::string>& patterns) {
  Until until;
  for (const auto& text : patterns) {
    MLG_TRY(pattern, protocol::Pattern::parse(text));
    until.patterns_.push_back(pattern);
  }
  return until;
}

bool Until::is_end(std::string_view type, const base::Json& message) const {
  const auto kind = model::parse_kind(type);
  if (!kind || patterns_.empty()) return false;
  const auto entity = entity_of(type, message);
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) {
    return pattern.matches(*kind, entity);
  });
}

int exit_of_event(std::string_view type, const base::Json& message) {
  return type == "job.failed" ? exit_of_job(child(message, "data")) : kOk;
}

}  // namespace mlgraph::cli
