#include "sim/rules.h"

#include <algorithm>

namespace mlgraph::sim {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> tokens;
  for (;;) {
    const auto dot = text.find('.');
    tokens.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return tokens;
    text.remove_prefix(dot + 1);
  }
}

/// "production-*", "*" or a name.
bool name_matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

/// The tokens of a grant against those of one channel; a last "*" stands for one or more.
bool tokens_match(
    const std::vector<std::string>& grant,
    const std::array<std::string_view, 3>& channel,
    std::size_t size
) {
  for (std::size_t i = 0; i < grant.size(); ++i) {
    if (i + 1 == grant.size() && grant[i] == "*") return i < size;
    if (i >= size ||
        !(i == 1 && size == 3 ? name_matches(grant[i], channel[i]) : grant[i] == channel[i]))
      return false;
  }
  return grant.size() == size;
}

const std::vector<EventKind>& kinds_of(Family family) {
  static const std::vector<std::vector<EventKind>> kKinds = [] {
    std::vector<std::vector<EventKind>> kinds(4);
    for (const auto kind : model::kAllKinds)
      kinds[static_cast<std::size_t>(model::family_of(kind))].push_back(kind);
    return kinds;
  }();
  return kKinds[static_cast<std::size_t>(family)];
}

}  // namespace

const std::vector<std::string> kIndices = {"docs", "images", "prod-a", "prod-b", "logs"};
const std::vector<std::string> kMalformed = {"bogus.*", "job", "index..created", "job.*x", ""};
const std::vector<std::string> kPatterns = {
    "*",
    "job.*",
    "index.*",
    "alert.*",
    "metrics.*",
    "job.started",
    "job.progress",
    "job.failed",
    "job.import-1.*",
    "job.import-2.progress",
    "job.import-3.*",
    "index.created",
    "index.shard_transition",
    "index.docs.*",
    "index.images.updated",
    "index.prod-a.*",
    "index.prod-b.*",
    "index.logs.deleted",
    "alert.warning",
    "alert.resolved",
    "alert.rate_limit",
    "alert.alert-1.*",
    "alert.alert-2.error",
    "metrics.system",
    "metrics.n1.*",
    "metrics.docs.*",
    "metrics.search",
};
const std::vector<std::vector<std::string>> kScopeSets = {
    {"events:*", "read:*"},
    {"events:*"},
    {"events:job.*", "events:alert.*", "read:docs"},
    {"events:index.*", "events:metrics.*", "read:prod-*"},
    {"events:index.prod*.*", "events:job.import-1.*", "search:*"},
    {"events:job.progress", "events:job.failed", "events:index.docs.*", "write:docs", "read:logs"},
    {"events:*", "write:images", "read:prod-a"},
    {"events:metrics.*", "events:alert.*", "read:docs", "read:images"},
};

bool covers(std::string_view pattern, EventKind kind, std::string_view entity) {
  if (pattern == "*") return true;
  const auto family = model::family_name(model::family_of(kind));
  const auto leaf = model::leaf_name(kind);
  const auto is = [&](std::string_view text, std::initializer_list<std::string_view> parts) {
    for (const auto part : parts) {
      if (!text.starts_with(part)) return false;
      text.remove_prefix(part.size());
    }
    return text.empty();
  };
  return is(pattern, {family, ".", leaf}) || is(pattern, {family, ".", entity, ".", leaf}) ||
         is(pattern, {family, ".*"}) || is(pattern, {family, ".", entity, ".*"});
}

bool any_covers(const std::vector<std::string>& patterns, EventKind kind, std::string_view entity) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return covers(pattern, kind, entity);
  });
}

Grants::Grants(std::vector<std::string> scopes) : texts_(std::move(scopes)) {
  for (const std::string& scope : texts_) {
    const auto colon = scope.find(':');
    if (scope == "admin")
      admin_ = true;
    else if (scope.starts_with("events:"))
      channels_.push_back(split(std::string_view(scope).substr(colon + 1)));
    else
      indices_.push_back(scope.substr(colon + 1));
  }
}

bool Grants::sees(EventKind kind, std::string_view entity, std::string_view index) const {
  if (admin_) return true;
  const auto family = model::family_name(model::family_of(kind));
  const auto leaf = model::leaf_name(kind);
  const bool heard = std::any_of(channels_.begin(), channels_.end(), [&](const auto& grant) {
    return tokens_match(grant, {family, leaf, {}}, 2) ||
           tokens_match(grant, {family, entity, leaf}, 3);
  });
  return heard && (index.empty() ||
                   std::any_of(indices_.begin(), indices_.end(), [&](const std::string& readable) {
                     return name_matches(readable, index);
                   }));
}

bool could_match(std::string_view pattern, const Grants& grants) {
  static const std::vector<std::string> kOthers = {
      kNode, "import-1", "import-2", "import-3", "alert-1", "alert-2", "other"};
  std::vector<std::string> names = kIndices;
  names.insert(names.end(), kOthers.begin(), kOthers.end());
  if (const auto tokens = split(pattern); tokens.size() == 3) names.push_back(tokens[1]);
  for (const auto kind : model::kAllKinds) {
    const bool names_an_index =
        model::family_of(kind) == Family::kIndex ||
        (model::family_of(kind) == Family::kMetrics && kind != EventKind::kMetricsSystem);
    for (const std::string& name : names)
      if (covers(pattern, kind, name) && grants.sees(kind, name, names_an_index ? name : ""))
        return true;
  }
  return false;
}

bool is_malformed(const std::string& channel) {
  return std::find(kMalformed.begin(), kMalformed.end(), channel) != kMalformed.end();
}

bool is_shown(
    const std::vector<std::string>& patterns,
    const Grants& grants,
    Family family,
    std::string_view entity,
    std::string_view index
) {
  const auto& kinds = kinds_of(family);
  return std::any_of(kinds.begin(), kinds.end(), [&](EventKind kind) {
    return any_covers(patterns, kind, entity) && grants.sees(kind, entity, index);
  });
}

bool is_followed(
    const std::vector<std::string>& patterns,
    const Grants& grants,
    Family family,
    std::string_view entity,
    std::string_view index
) {
  const auto& kinds = kinds_of(family);
  return std::all_of(kinds.begin(), kinds.end(), [&](EventKind kind) {
    // A rate limit's alert is momentary: it changes no object.
    return kind == EventKind::kAlertRateLimit ||
           (any_covers(patterns, kind, entity) && grants.sees(kind, entity, index));
  });
}

}  // namespace mlgraph::sim
