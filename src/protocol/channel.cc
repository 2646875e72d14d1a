#include "protocol/channel.h"

#include <algorithm>
#include <optional>

#include "model/names.h"

namespace mlgraph::protocol {
namespace {
using base::ErrorCode;
using model::EventKind;
using model::Family;

constexpr std::size_t kTokensMax = 3;

std::optional<Family> parse_family(std::string_view name) {
  for (const Family family : {Family::kMetrics, Family::kJob, Family::kIndex, Family::kAlert})
    if (model::family_name(family) == name) return family;
  return std::nullopt;
}

bool is_kind_of(Family family, std::string_view leaf) {
  return std::any_of(model::kAllKinds.begin(), model::kAllKinds.end(), [&](EventKind kind) {
    return model::family_of(kind) == family && model::leaf_name(kind) == leaf;
  });
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  // One part beyond the most allowed is enough to refuse: a long hostile text costs nothing more.
  while (parts.size() <= kTokensMax) {
    const auto dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  return parts;
}

struct Shape {
  std::vector<std::string> tokens;
  bool wildcard = false;
};

/// A text that is empty says the pattern is well formed; else it is the rule that was broken.
std::string_view read_shape(std::string_view text, bool entity_prefix_allowed, Shape& shape) {
  const auto parts = split(text);
  if (parts.size() > kTokensMax) return "has more than 3 tokens";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = parts[i];
    const bool last = i + 1 == parts.size();
    if (part == "*" && last) {
      shape.wildcard = true;
      break;
    }
    const bool is_prefix = part.ends_with('*');
    if (is_prefix && !(entity_prefix_allowed && i == 1 && !last))
      return "may hold '*' only as its whole last token";
    const auto body = is_prefix ? part.substr(0, part.size() - 1) : part;
    if (!(is_prefix && body.empty()) && !model::is_token(body))
      return "must be tokens of [A-Za-z0-9_-]{1,64} joined by dots";
    shape.tokens.emplace_back(part);
  }
  if (shape.tokens.empty()) return {};
  const auto family = parse_family(shape.tokens[0]);
  if (!family) return "must begin with metrics, job, index or alert";
  if (shape.tokens.size() == 1 && !shape.wildcard) return "names a family: add .* or an event";
  if (shape.tokens.size() == kTokensMax && !is_kind_of(*family, shape.tokens[2]))
    return "must end in an event of its family, or *";
  return {};
}

/// A set of entity names: exactly one, or all with a prefix.
struct EntitySet {
  std::string_view text;
  bool is_prefix = true;
};

EntitySet entity_set(std::string_view pattern) {
  if (pattern.ends_with('*')) return {pattern.substr(0, pattern.size() - 1), true};
  return {pattern, false};
}

std::optional<EntitySet> intersect(EntitySet a, EntitySet b) {
  if (a.is_prefix && !b.is_prefix) std::swap(a, b);
  if (!a.is_prefix) {
    const bool in = b.is_prefix ? a.text.starts_with(b.text) : a.text == b.text;
    return in ? std::optional(a) : std::nullopt;
  }
  if (a.text.starts_with(b.text)) return a;
  if (b.text.starts_with(a.text)) return b;
  return std::nullopt;
}

bool token_matches(std::string_view token, std::string_view entity) {
  const auto set = entity_set(token);
  return set.is_prefix ? entity.starts_with(set.text) : entity == set.text;
}

/// The entities whose events of `kind` the pattern covers; nullopt: none.
std::optional<EntitySet> entities_of(
    const std::vector<std::string>& tokens, bool wildcard, EventKind kind
) {
  if (tokens.empty()) return EntitySet{};
  const Family family = model::family_of(kind);
  if (tokens[0] != model::family_name(family)) return std::nullopt;
  if (tokens.size() == 1) return EntitySet{};
  if (tokens.size() == 2 && !wildcard) {
    // A channel without events ("job.nonsense") is judged as its whole family.
    if (tokens[1] == model::leaf_name(kind) || !is_kind_of(family, tokens[1])) return EntitySet{};
    return std::nullopt;
  }
  if (tokens.size() == 3 && tokens[2] != model::leaf_name(kind)) return std::nullopt;
  return entity_set(tokens[1]);
}

/// Whether every event of this kind names an index, which then is its entity.
bool entity_is_index(EventKind kind) {
  return model::family_of(kind) == Family::kIndex ||
         (model::family_of(kind) == Family::kMetrics && kind != EventKind::kMetricsSystem);
}

bool is_index_pattern(std::string_view text) {
  if (text.ends_with('*')) {
    text.remove_suffix(1);
    return text.empty() || model::is_token(text);
  }
  return model::is_token(text);
}

}  // namespace

base::Result<Pattern> Pattern::parse(std::string_view text) {
  Shape shape;
  if (const auto broken = read_shape(text, false, shape); !broken.empty())
    return base::fail(
        ErrorCode::kInvalidChannel, "channel '{}' {}", model::printable(text), broken
    );
  return Pattern(text, std::move(shape.tokens), shape.wildcard);
}

Pattern::Pattern(std::string_view text, std::vector<std::string> tokens, bool wildcard)
    : text_(text), tokens_(std::move(tokens)), wildcard_(wildcard) {
  names_entity_ = tokens_.size() == kTokensMax || (tokens_.size() == 2 && wildcard_);
  for (const EventKind kind : model::kAllKinds) {
    const bool family = tokens_.empty() || tokens_[0] == model::family_name(model::family_of(kind));
    // The token that names the kind, if one does.
    const std::size_t leaf = wildcard_ ? kTokensMax : tokens_.size() - 1;
    if (family && (leaf >= tokens_.size() || tokens_[leaf] == model::leaf_name(kind)))
      kinds_ |= model::set_of(kind);
  }
}

bool Pattern::covers_entity(std::string_view entity) const {
  return token_matches(tokens_[1], entity);
}

base::Result<Scopes> Scopes::parse(const std::vector<std::string>& scopes) {
  constexpr std::array<std::string_view, 3> kVerbs = {"read:", "search:", "write:"};
  constexpr std::string_view kEvents = "events:";
  Scopes result;
  for (const std::string& scope : scopes) {
    const std::string_view text = scope;
    result.texts_.push_back(scope);
    if (text == "admin") {
      result.admin_ = true;
      continue;
    }
    if (text.starts_with(kEvents)) {
      Shape shape;
      const auto channel = text.substr(kEvents.size());
      if (const auto broken = read_shape(channel, true, shape); !broken.empty())
        return base::fail_at(
            "scopes",
            ErrorCode::kInvalidValue,
            "scope '{}': its channel {}",
            model::printable(text),
            broken
        );
      result.events_.push_back(Pattern(channel, std::move(shape.tokens), shape.wildcard));
      continue;
    }
    bool known = false;
    for (std::size_t verb = 0; verb < kVerbs.size() && !known; ++verb) {
      if (!text.starts_with(kVerbs[verb])) continue;
      const auto pattern = text.substr(kVerbs[verb].size());
      if (!is_index_pattern(pattern)) break;
      result.index_patterns_[verb].emplace_back(pattern);
      known = true;
    }
    if (!known)
      return base::fail_at(
          "scopes",
          ErrorCode::kInvalidValue,
          "scope '{}' is not admin, events:<channels>, read:<indices>, search:<indices> or "
          "write:<indices>",
          model::printable(text)
      );
  }
  return result;
}

Scopes Scopes::admin() {
  Scopes scopes;
  scopes.admin_ = true;
  scopes.texts_ = {"admin"};
  return scopes;
}

bool Scopes::allows(Verb verb, std::string_view index) const {
  if (admin_) return true;
  const auto granted = [&](Verb v) {
    const auto& patterns = index_patterns_[static_cast<std::size_t>(v)];
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return index_pattern_matches(pattern, index);
    });
  };
  if (granted(verb)) return true;
  return verb == Verb::kRead && (granted(Verb::kSearch) || granted(Verb::kWrite));
}

bool Scopes::allows_any(Verb verb) const {
  if (admin_) return true;
  const auto granted = [&](Verb v) {
    return !index_patterns_[static_cast<std::size_t>(v)].empty();
  };
  if (granted(verb)) return true;
  return verb == Verb::kRead && (granted(Verb::kSearch) || granted(Verb::kWrite));
}

bool Scopes::has_events() const { return admin_ || !events_.empty(); }

bool Scopes::sees(EventKind kind, std::string_view entity, std::string_view index) const {
  if (admin_) return true;
  const bool covered = std::any_of(events_.begin(), events_.end(), [&](const Pattern& grant) {
    return grant.matches(kind, entity);
  });
  return covered && (index.empty() || allows(Verb::kRead, index));
}

bool Scopes::could_match(const Pattern& pattern) const {
  if (admin_) return true;
  for (const EventKind kind : model::kAllKinds) {
    const auto wanted = entities_of(pattern.tokens_, pattern.wildcard_, kind);
    if (!wanted) continue;
    for (const Pattern& grant : events_) {
      const auto granted = entities_of(grant.tokens_, grant.wildcard_, kind);
      const auto both = granted ? intersect(*wanted, *granted) : std::nullopt;
      if (!both) continue;
      if (!entity_is_index(kind)) return true;
      for (const auto& patterns : index_patterns_)
        for (const std::string& readable : patterns)
          if (intersect(*both, entity_set(readable))) return true;
    }
  }
  return false;
}

bool index_pattern_matches(std::string_view pattern, std::string_view index) {
  return token_matches(pattern, index);
}

}  // namespace mlgraph::protocol
