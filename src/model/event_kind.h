#pragma once
// The page's sixteen event kinds.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mlgraph::model {

enum class Family : std::uint8_t { kMetrics, kJob, kIndex, kAlert };

/// Values are stored in the log: append only.
enum class EventKind : std::uint8_t {
  kMetricsSystem = 0,
  kMetricsIndex = 1,
  kMetricsSearch = 2,
  kMetricsIngest = 3,
  kJobStarted = 4,
  kJobProgress = 5,
  kJobCompleted = 6,
  kJobFailed = 7,
  kIndexCreated = 8,
  kIndexUpdated = 9,
  kIndexDeleted = 10,
  kIndexShardTransition = 11,
  kAlertWarning = 12,
  kAlertError = 13,
  kAlertResolved = 14,
  kAlertRateLimit = 15,
};
inline constexpr std::size_t kKindCount = 16;
extern const std::array<EventKind, kKindCount> kAllKinds;

[[nodiscard]] constexpr Family family_of(EventKind kind) {
  return static_cast<Family>(static_cast<std::uint8_t>(kind) / 4);
}
/// A set of kinds, one bit each.
using KindSet = std::uint16_t;
[[nodiscard]] constexpr KindSet set_of(EventKind kind) {
  return static_cast<KindSet>(1U << static_cast<unsigned>(kind));
}
[[nodiscard]] constexpr KindSet set_of(Family family) {
  return static_cast<KindSet>(0xFU << (4 * static_cast<unsigned>(family)));
}
inline constexpr KindSet kEveryKind = 0xFFFF;
/// metrics.* are sampled values, never logged; all others are durable.
[[nodiscard]] inline bool is_durable(EventKind kind) { return family_of(kind) != Family::kMetrics; }
[[nodiscard]] std::string_view type_name(EventKind kind);   ///< "job.started"
[[nodiscard]] std::string_view family_name(Family family);  ///< "job"
[[nodiscard]] std::string_view leaf_name(EventKind kind);   ///< "started"
[[nodiscard]] std::optional<EventKind> parse_kind(std::string_view type_name);

}  // namespace mlgraph::model
