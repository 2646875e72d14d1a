#pragma once
// Channels, patterns and scopes: who hears what. Pure functions over text.
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/event_kind.h"

namespace mlgraph::protocol {

/// An exact channel ("job.started", "index.docs.created"), a prefix ending in ".*" (one or more further tokens), or "*".
/// Tokens: [A-Za-z0-9_-]{1,64}; at most 3 of them.
class Pattern {
 public:
  /// errors kInvalidChannel naming the channel (escaped, shortened).
  [[nodiscard]] static base::Result<Pattern> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Whether the event stands on a channel this covers: F.E or F.X.E. Never backtracks.
  [[nodiscard]] bool matches(model::EventKind kind, std::string_view entity) const;
  bool operator==(const Pattern&) const = default;

 private:
  friend class Scopes;
  std::string text_;
  std::vector<std::string> tokens_;   ///< without the trailing "*"
  bool wildcard_ = false;             ///< ends in "*"
};

/// What a token may do (PROTOCOL §4). Threads: immutable.
class Scopes {
 public:
  enum class Verb : std::uint8_t { kRead, kSearch, kWrite };
  Scopes() = default;
  /// Each of: "admin", "events:<pattern>", "read:<index pattern>", "search:…", "write:…".
  /// errors kInvalidValue naming the scope.
  [[nodiscard]] static base::Result<Scopes> parse(const std::vector<std::string>& scopes);
  [[nodiscard]] static Scopes admin();

  [[nodiscard]] bool is_admin() const { return admin_; }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  /// write and search imply read.
  [[nodiscard]] bool allows(Verb verb, std::string_view index) const;
  /// Whether any index could be read: for lists, which then filter.
  [[nodiscard]] bool allows_any(Verb verb) const;
  [[nodiscard]] bool has_events() const;
  /// The one question asked everywhere (live, replay, state, SSE, REST): an events: scope covers a channel of the
  /// event, and if it names an index, a read: scope covers that.
  [[nodiscard]] bool sees(model::EventKind kind, std::string_view entity, std::string_view index) const;
  /// Whether the pattern could match anything under these scopes; if not, subscribing is `forbidden`.
  [[nodiscard]] bool could_match(const Pattern& pattern) const;
  bool operator==(const Scopes& other) const { return texts_ == other.texts_; }

 private:
  struct EventGrant;
  bool admin_ = false;
  std::vector<std::string> texts_;
  std::vector<Pattern> events_;                 ///< entity tokens may be prefixes ending in '*'
  std::vector<std::string> index_patterns_[3];  ///< by Verb
};

/// "production-*", "*", or a name, against an index id.
[[nodiscard]] bool index_pattern_matches(std::string_view pattern, std::string_view index);

}  // namespace mlgraph::protocol
