#include "model/event_kind.h"

namespace mlgraph::model {
namespace {
constexpr std::array<std::string_view, kKindCount> kTypeNames = {
    "metrics.system",
    "metrics.index",
    "metrics.search",
    "metrics.ingest",
    "job.started",
    "job.progress",
    "job.completed",
    "job.failed",
    "index.created",
    "index.updated",
    "index.deleted",
    "index.shard_transition",
    "alert.warning",
    "alert.error",
    "alert.resolved",
    "alert.rate_limit",
};
constexpr std::array<EventKind, kKindCount> all_kinds() {
  std::array<EventKind, kKindCount> kinds{};
  for (std::size_t i = 0; i < kKindCount; ++i) kinds[i] = static_cast<EventKind>(i);
  return kinds;
}
}  // namespace

constexpr std::array<EventKind, kKindCount> kAllKinds = all_kinds();

std::string_view type_name(EventKind kind) { return kTypeNames.at(static_cast<std::size_t>(kind)); }

std::string_view family_name(Family family) {
  static constexpr std::array<std::string_view, 4> kNames = {"metrics", "job", "index", "alert"};
  return kNames.at(static_cast<std::size_t>(family));
}

std::string_view leaf_name(EventKind kind) {
  const auto name = type_name(kind);
  return name.substr(name.find('.') + 1);
}

std::optional<EventKind> parse_kind(std::string_view name) {
  for (std::size_t i = 0; i < kKindCount; ++i)
    if (kTypeNames[i] == name) return static_cast<EventKind>(i);
  return std::nullopt;
}

}  // namespace mlgraph::model
