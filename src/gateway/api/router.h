#pragma once
// The table of routes: method, path, who may, where it runs.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/http.h"

namespace mlgraph::gateway {

/// What a token needs for a route. Index-bound rights are checked against the route's {id}.
enum class Access : std::uint8_t { kPublic, kAnyToken, kRead, kSearch, kWrite, kAdmin, kEvents };

struct Route {
  std::string method;
  std::string pattern;  ///< "/api/v1/indices/{id}/search"; /v1 is an alias of /api/v1
  Access access = Access::kAdmin;
  bool streams_body =
      false;  ///< the handler pulls from request.stream, on a thread of its own choosing
  bool on_compute_pool = true;  ///< false: runs on the loop, must be instant
  std::size_t body_max = std::size_t{64} << 20;
  std::function<void(std::shared_ptr<HttpRequest>, Reply)> handle;
};

/// Whether the route is one of an index's own, whose name is {id}.
[[nodiscard]] bool is_of_index(const Route& route);

class Router {
 public:
  void add(Route route);
  struct Match {
    const Route* route = nullptr;  ///< nullptr: no such path (404) or method
    std::map<std::string, std::string> params;
    bool path_exists = false;  ///< with route null: 405
    std::string allowed;       ///< methods of the path, for Allow
  };
  [[nodiscard]] Match match(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

/// Checks the route's access for this principal: kUnauthorized (no token), kForbidden naming the
/// scope needed, but no index that was asked for by its alias.
[[nodiscard]] base::Result<void> check_access(const Route& route, const HttpRequest& request);

}  // namespace mlgraph::gateway
