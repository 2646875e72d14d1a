#pragma once
// Who hears what, said again from docs/protocol.md and as plainly as it can be: over channel texts,
// sharing nothing with src/protocol.
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/event_kind.h"

namespace mlgraph::sim {

using model::EventKind;
using model::Family;

/// Whether a pattern covers one of the two channels, F.E and F.X.E, that an event stands on.
[[nodiscard]] bool covers(std::string_view pattern, EventKind kind, std::string_view entity);
[[nodiscard]] bool any_covers(
    const std::vector<std::string>& patterns, EventKind kind, std::string_view entity
);

/// What a token may see.
class Grants {
 public:
  Grants() = default;
  explicit Grants(std::vector<std::string> scopes);
  [[nodiscard]] static Grants admin() { return Grants({"admin"}); }
  [[nodiscard]] bool sees(EventKind kind, std::string_view entity, std::string_view index) const;
  [[nodiscard]] bool is_admin() const { return admin_; }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  std::vector<std::vector<std::string>> channels_;  ///< tokens of each events: scope
  std::vector<std::string> indices_;                ///< of read:, search: and write: alike
  bool admin_ = false;
};

/// Whether some event could pass pattern and grants: asked of every name the simulation knows.
[[nodiscard]] bool could_match(std::string_view pattern, const Grants& grants);
/// The malformed channels that clients of the simulation send.
[[nodiscard]] bool is_malformed(const std::string& channel);

/// An object is shown by a state if any event about it could be seen.
[[nodiscard]] bool is_shown(
    const std::vector<std::string>& patterns,
    const Grants& grants,
    Family family,
    std::string_view entity,
    std::string_view index
);
/// An object can be followed if every event that changes it is seen.
[[nodiscard]] bool is_followed(
    const std::vector<std::string>& patterns,
    const Grants& grants,
    Family family,
    std::string_view entity,
    std::string_view index
);

// The names of the simulation's world. No scope or pattern of it speaks of others.
extern const std::vector<std::string> kIndices;
extern const std::vector<std::string> kPatterns;
extern const std::vector<std::string> kMalformed;
extern const std::vector<std::vector<std::string>> kScopeSets;
inline constexpr const char* kNode = "n1";

}  // namespace mlgraph::sim
