#include "gateway/api/router.h"

#include <algorithm>

namespace mlgraph::gateway {
namespace {

constexpr std::string_view kApi = "/api/v1";
constexpr std::string_view kAlias = "/v1";

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

bool is_param(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

bool fits(
    std::string_view pattern,
    const std::vector<std::string_view>& path,
    std::map<std::string, std::string>& params
) {
  const auto wanted = segments(pattern);
  if (wanted.size() != path.size()) return false;
  params.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (is_param(wanted[i])) {
      if (path[i].empty()) return false;
      params[std::string(wanted[i].substr(1, wanted[i].size() - 2))] =
          percent_decode(path[i], false);
    } else if (wanted[i] != path[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_of_index(const Route& route) {
  return route.pattern.find("/indices/{id}") != std::string::npos;
}

void Router::add(Route route) { routes_.push_back(std::move(route)); }

Router::Match Router::match(std::string_view method, std::string_view path) const {
  std::string canonical(path);
  if (path.starts_with(kAlias) && (path.size() == kAlias.size() || path[kAlias.size()] == '/'))
    canonical = std::string(kApi) + std::string(path.substr(kAlias.size()));
  Match match;
  if (!canonical.starts_with('/')) return match;
  const auto parts = segments(canonical);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::map<std::string, std::string> params;
  for (const auto& route : routes_) {
    if (!fits(route.pattern, parts, params)) continue;
    match.path_exists = true;
    match.allowed += (match.allowed.empty() ? "" : ", ") + route.method;
    if (route.method != wanted) continue;
    match.route = &route;
    match.params = params;
    return match;
  }
  return match;
}

base::Result<void> check_access(const Route& route, const HttpRequest& request) {
  const auto& scopes = request.principal.scopes;
  if (request.principal.anonymous())
    return base::fail(base::ErrorCode::kUnauthorized, "a token is needed");
  const auto it = request.params.find("id");
  // Only an index's own routes are bound to it here; jobs and alerts are checked by what they name.
  const bool of_index = is_of_index(route) && it != request.params.end();
  const auto need = [&](protocol::Scopes::Verb verb, const char* name) -> base::Result<void> {
    if (of_index ? scopes.allows(verb, it->second) : scopes.allows_any(verb)) return {};
    // Who may not read an index is not told what its aliases are.
    return base::fail(
        base::ErrorCode::kForbidden,
        "this needs the scope {}:{}",
        name,
        !of_index               ? "<index>"
        : request.alias.empty() ? it->second
                                : "<index of alias " + request.alias + ">"
    );
  };
  switch (route.access) {
    case Access::kPublic:
    case Access::kAnyToken:
      return {};
    case Access::kRead:
      return need(protocol::Scopes::Verb::kRead, "read");
    case Access::kSearch:
      return need(protocol::Scopes::Verb::kSearch, "search");
    case Access::kWrite:
      return need(protocol::Scopes::Verb::kWrite, "write");
    case Access::kEvents:
      if (scopes.has_events()) return {};
      return base::fail(base::ErrorCode::kForbidden, "this needs an events: scope");
    case Access::kAdmin:
      if (scopes.is_admin()) return {};
      return base::fail(base::ErrorCode::kForbidden, "this needs the scope admin");
  }
  return base::fail(base::ErrorCode::kForbidden, "not allowed");
}

}  // namespace mlgraph::gateway
