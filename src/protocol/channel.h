#pragma once
// Channels, patterns and scopes: who hears what. Pure functions over text.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/event_kind.h"

namespace mlgraph::protocol {

/// An exact channel ("job.started", "index.docs.created"), a prefix ending in ".*" (one or more
/// further tokens), or "*". Tokens: [A-Za-z0-9_-]{1,64}; at most 3 of them, of which the first is a
/// family and the third a kind of that family; the second is free, a kind or an entity. Threads
/// immutable.
class Pattern {
 public:
  /// errors  kInvalidChannel naming the channel (escaped, shortened) and the rule it breaks.
  [[nodiscard]] static base::Result<Pattern> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Whether the event stands on a channel this covers: F.E or F.X.E. Never backtracks.
  [[nodiscard]] bool matches(model::EventKind kind, std::string_view entity) const {
    if (!(kinds_ & model::set_of(kind))) return false;
    return !names_entity_ || covers_entity(entity);
  }
  /// The kinds it can match, and the one entity it asks for (empty: any).
  [[nodiscard]] model::KindSet kinds() const { return kinds_; }
  [[nodiscard]] std::string_view entity() const {
    return names_entity_ ? std::string_view(tokens_[1]) : std::string_view();
  }
  /// Without the trailing "*"; empty for the pattern "*".
  [[nodiscard]] const std::vector<std::string>& tokens() const { return tokens_; }
  [[nodiscard]] bool wildcard() const { return wildcard_; }  ///< ends in "*"
  bool operator==(const Pattern&) const = default;

 private:
  friend class Scopes;
  Pattern() = default;
  Pattern(std::string_view text, std::vector<std::string> tokens, bool wildcard);
  [[nodiscard]] bool covers_entity(std::string_view entity) const;

  std::string text_;
  std::vector<std::string> tokens_;  ///< without the trailing "*"
  bool wildcard_ = false;            ///< ends in "*"
  bool names_entity_ = false;        ///< the second token is one
  model::KindSet kinds_ = 0;
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
  /// The one question asked everywhere (live, replay, state, SSE, REST): an events: scope covers a
  /// channel of the event, and if it names an index, a read: scope covers that.
  [[nodiscard]] bool sees(model::EventKind kind, std::string_view entity, std::string_view index)
      const;
  /// Whether the pattern could match anything under these scopes; if not, subscribing is
  /// `forbidden`. Exact: an entity and a kind exist that the pattern, an events: scope and (for
  /// kinds that name an index) a read: scope all cover. A channel that no event ever stands on
  /// ("job.nonsense") is judged by its family.
  [[nodiscard]] bool could_match(const Pattern& pattern) const;
  bool operator==(const Scopes& other) const { return texts_ == other.texts_; }

 private:
  bool admin_ = false;
  std::vector<std::string> texts_;
  std::vector<Pattern> events_;  ///< entity tokens may be prefixes ending in '*'
  std::array<std::vector<std::string>, 3> index_patterns_;  ///< by Verb, as granted
};

/// "production-*", "*", or a name, against an index id.
[[nodiscard]] bool index_pattern_matches(std::string_view pattern, std::string_view index);

}  // namespace mlgraph::protocol
