#pragma once
#include "gateway/api/aliases.h"
#include "gateway/api/router.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/rate_limiter.h"
#include "gateway/net/server.h"
#include "metrics/server_metrics.h"

namespace mlgraph::gateway {

/// Decides after a request's head whether it may go on: route, token, rate, alias, rights, in this
/// order, so that nothing expensive is done for strangers. An alias is looked up here once: the
/// whole request is of the index that it stood for. Threads: shared.
class Gate {
 public:
  Gate(
      const Router& router,
      const Aliases& aliases,
      Authenticator& authenticator,
      RateLimiter& limiter,
      metrics::ServerMetrics& metrics
  )
      : router_(router),
        aliases_(aliases),
        authenticator_(authenticator),
        limiter_(limiter),
        metrics_(metrics) {}
  [[nodiscard]] Admission admit(HttpRequest& request, const Credentials& credentials) const;

 private:
  [[nodiscard]] Admission refuse(Admission so_far, const base::Error& error) const;
  const Router& router_;
  const Aliases& aliases_;
  Authenticator& authenticator_;
  RateLimiter& limiter_;
  metrics::ServerMetrics& metrics_;
};

/// All unauthenticated refusals share this bucket.
inline constexpr const char* kUnauthenticatedBucket = "unauthenticated";

}  // namespace mlgraph::gateway
