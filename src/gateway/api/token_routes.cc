#include "gateway/api/services.h"
#include "gateway/auth/token_expiry.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail_at;
using base::Json;
using base::Result;

namespace {

void write_members(base::JsonWriter& out, const TokenInfo& token) {
  out.member("name", token.name);
  out.key("scopes");
  out.array([&] {
    for (const auto& scope : token.scopes) out.value(scope);
  });
  out.key("expires_at");
  token.expires_at ? out.value(base::format_timestamp(*token.expires_at)) : out.null();
  out.member("rate_limit_per_minute", token.rate_limit_per_minute);
  out.member("burst", token.burst);
  out.member("created_at", base::format_timestamp(token.created_at));
}

void write(base::JsonWriter& out, const TokenInfo& token) {
  out.object([&] { write_members(out, token); });
}

Result<std::optional<std::uint64_t>> positive(
    const Json& body, const char* key, std::uint64_t max
) {
  const auto* value = body.find(key);
  if (!value || value->is_null()) return std::optional<std::uint64_t>();
  const auto number = value->as_uint();
  if (!number || *number < 1 || *number > max)
    return fail_at(
        key, ErrorCode::kInvalidValue, "{} must be a whole number from 1 to {}", key, max
    );
  return number;
}

Result<TokenInfo> parse_token(const Json& body, base::Timestamp now) {
  constexpr std::uint64_t kRateMax = 100'000'000;
  TokenInfo info;
  const auto* name = body.find("name");
  if (!name || !name->as_string())
    return fail_at("name", ErrorCode::kInvalidValue, "name must be a text");
  info.name = *name->as_string();
  const auto* scopes = body.find("scopes");
  if (!scopes || !scopes->as_array())
    return fail_at("scopes", ErrorCode::kInvalidValue, "scopes must be an array of texts");
  for (const auto& scope : *scopes->as_array()) {
    if (!scope.as_string())
      return fail_at("scopes", ErrorCode::kInvalidValue, "scopes must be an array of texts");
    info.scopes.push_back(*scope.as_string());
  }
  MLG_TRY(expiry, read_expiry(body, now));
  info.expires_at = expiry.at;
  MLG_TRY(rate, positive(body, "rate_limit_per_minute", kRateMax));
  if (rate) info.rate_limit_per_minute = static_cast<std::uint32_t>(*rate);
  MLG_TRY(burst, positive(body, "burst", kRateMax));
  if (burst) info.burst = static_cast<std::uint32_t>(*burst);
  info.created_at = now;
  return info;
}

Result<HttpResponse> create_token(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(body, json_body(request));
  MLG_TRY(info, parse_token(body, services.clock.wall_now()));
  std::string secret;
  if (const auto* wanted = body.find("token")) {
    // Someone who brings a secret (the page's own mlg_your_token_here, a token moved from another
    // server) keeps it.
    if (!wanted->as_string())
      return fail_at("token", ErrorCode::kInvalidValue, "token must be a text");
    secret = *wanted->as_string();
    MLG_TRY_VOID(services.authenticator.create_with_secret(info, secret));
  } else {
    MLG_TRY(made, services.authenticator.create(info));
    secret = std::move(made);
  }
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    write_members(out, info);
    out.member("token", secret);
  });
  return json_response(201, std::move(text));
}

Result<HttpResponse> list_tokens(ApiServices& services) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("tokens");
    out.array([&] {
      for (const auto& token : services.authenticator.list()) write(out, token);
    });
  });
  return json_response(200, std::move(text));
}

}  // namespace

void add_token_routes(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/tokens",
       Access::kAdmin,
       false,
       true,
       64 * 1024,
       answering([&](HttpRequest& request) { return create_token(services, request); })}
  );
  router.add({"GET", "/api/v1/tokens", Access::kAdmin, false, true, 0, answering([&](HttpRequest&) {
                return list_tokens(services);
              })});
  router.add(
      {"PATCH",
       "/api/v1/tokens/{name}",
       Access::kAdmin,
       false,
       true,
       64 * 1024,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(body, json_body(request));
         MLG_TRY(token, services.authenticator.update(request.param("name"), body));
         std::string text;
         base::JsonWriter out(text);
         write(out, token);
         return json_response(200, std::move(text));
       })}
  );
  router.add(
      {"DELETE",
       "/api/v1/tokens/{name}",
       Access::kAdmin,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY_VOID(services.authenticator.revoke(request.param("name")));
         services.limiter.forget(request.param("name"));
         return HttpResponse{204, "", "", {}, ""};
       })}
  );
}

}  // namespace mlgraph::gateway
