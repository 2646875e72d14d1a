#include "gateway/auth/gate.h"

#include "model/names.h"
#include "protocol/error_table.h"

namespace mlgraph::gateway {

using base::Error;
using base::ErrorCode;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

void add_rate(Headers& headers, std::uint32_t limit, std::uint32_t remaining, std::uint32_t reset) {
  headers.emplace_back("X-RateLimit-Limit", std::to_string(limit));
  headers.emplace_back("X-RateLimit-Remaining", std::to_string(remaining));
  headers.emplace_back("X-RateLimit-Reset", std::to_string(reset));
}

}  // namespace

Admission Gate::refuse(Admission so_far, const Error& error) const {
  metrics_.count_error(std::string(protocol::row_of(error.code).name));
  so_far.route = nullptr;
  so_far.refusal = error_response(error);
  if (so_far.refusal->status == 401)
    so_far.refusal->headers.emplace_back("WWW-Authenticate", "Bearer");
  return so_far;
}

Admission Gate::admit(HttpRequest& request, const Credentials& credentials) const {
  auto match = router_.match(request.method, request.path);
  request.params = std::move(match.params);
  Admission admission;
  admission.route = match.route;
  if (credentials.in_query)
    return refuse(
        admission,
        {ErrorCode::kBadRequest,
         "a token in the URL ends up in logs: send it as 'Authorization: Bearer …' or, for a "
         "WebSocket, as the subprotocol after 'Bearer'",
         {},
         {}}
    );
  if (credentials.conflicting)
    return refuse(
        admission,
        {ErrorCode::kBadRequest, "Authorization and x-api-key carry different tokens", {}, {}}
    );
  if (match.route && match.route->access == Access::kPublic) return admission;

  if (!credentials.token)
    return refuse(
        admission,
        {ErrorCode::kUnauthorized, "a token is needed: Authorization: Bearer mlg_…", {}, {}}
    );
  auto principal = authenticator_.authenticate(*credentials.token, request.remote);
  if (!principal) {
    if (principal.error().code == ErrorCode::kRateLimited) {
      const auto budget = authenticator_.wrong_tokens(request.remote);
      add_rate(admission.headers, budget.limit, budget.remaining, budget.reset_seconds);
      limiter_.count_refusal(
          kUnauthenticatedBucket,
          budget.limit,
          std::chrono::milliseconds(principal.error().retry_after_ms.value_or(1'000))
      );
    }
    return refuse(admission, principal.error());
  }
  request.principal = std::move(*principal);

  if (const auto per_minute = request.principal.rate_limit_per_minute) {
    const auto verdict = limiter_.check(
        request.principal.name, *per_minute, request.principal.burst.value_or(*per_minute)
    );
    add_rate(admission.headers, verdict.limit, verdict.remaining, verdict.reset_seconds);
    if (!verdict.allowed)
      return refuse(
          admission,
          {ErrorCode::kRateLimited,
           fmt::format(
               "more than {} requests a minute with token '{}'", *per_minute, request.principal.name
           ),
           {},
           verdict.retry_after.count()}
      );
  }
  if (!match.route) {
    if (match.path_exists) {
      admission.refusal = error_response(
          {ErrorCode::kBadRequest,
           fmt::format("{} is not served here, {} is", request.method, match.allowed),
           {},
           {}}
      );
      admission.refusal->status = 405;
      admission.refusal->headers.emplace_back("Allow", match.allowed);
      return admission;
    }
    return refuse(
        admission,
        {ErrorCode::kNotFound,
         fmt::format("there is no '{}'", model::printable(request.path)),
         {},
         {}}
    );
  }
  resolve_alias(*match.route, aliases_, request);
  if (auto allowed = check_access(*match.route, request); !allowed)
    return refuse(admission, allowed.error());
  return admission;
}

}  // namespace mlgraph::gateway
