// Codes that sign a browser in, and what they are traded for.
#include "gateway/api/services.h"
#include "gateway/auth/gate.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail_at;
using base::Result;

namespace {

constexpr std::size_t kCodeMax = 256;

Result<HttpResponse> mint(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(code, services.sign_in.mint(request.principal));
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("code", code.code);
    out.member("expires_in_seconds", code.expires_in.count());
  });
  return json_response(201, std::move(text));
}

/// As the gate refuses who guesses tokens.
HttpResponse refusal(ApiServices& services, const base::Error& error, const std::string& remote) {
  auto response = error_response(error);
  if (error.code != ErrorCode::kRateLimited) return response;
  const auto budget = services.authenticator.wrong_tokens(remote);
  services.limiter.count_refusal(
      kUnauthenticatedBucket,
      budget.limit,
      std::chrono::milliseconds(error.retry_after_ms.value_or(1'000))
  );
  response.headers.emplace_back("X-RateLimit-Limit", std::to_string(budget.limit));
  response.headers.emplace_back("X-RateLimit-Remaining", std::to_string(budget.remaining));
  response.headers.emplace_back("X-RateLimit-Reset", std::to_string(budget.reset_seconds));
  return response;
}

Result<HttpResponse> redeem(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(body, json_body(request));
  const auto* code = body.find("code");
  if (!code || !code->as_string() || code->as_string()->size() > kCodeMax)
    return fail_at(
        "code", ErrorCode::kInvalidValue, "code must be a text of at most {} bytes", kCodeMax
    );
  const auto grant = services.sign_in.redeem(*code->as_string(), request.remote);
  if (!grant) return refusal(services, grant.error(), request.remote);
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("token", grant->token);
    out.member("name", grant->info.name);
    out.key("scopes");
    out.array([&] {
      for (const auto& scope : grant->info.scopes) out.value(scope);
    });
    out.member("expires_at", base::format_timestamp(*grant->info.expires_at));
  });
  return json_response(201, std::move(text));
}

}  // namespace

void add_sign_in_routes(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/sign-in-codes",
       Access::kAdmin,
       false,
       true,
       4'096,
       answering([&](HttpRequest& request) { return mint(services, request); })}
  );
  router.add(
      {"POST",
       "/api/v1/sign-in",
       Access::kPublic,
       false,
       true,
       4'096,
       answering([&](HttpRequest& request) { return redeem(services, request); })}
  );
}

}  // namespace mlgraph::gateway
