#include "gateway/api/services.h"

#include <algorithm>
#include <charconv>

#include "base/json_numbers.h"
#include "model/names.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

void add_routes(Router& router, ApiServices& services) {
  add_index_routes(router, services);
  add_alias_routes(router, services);
  add_vector_routes(router, services);
  add_search_route(router, services);
  add_import_routes(router, services);
  add_export_routes(router, services);
  add_snapshot_routes(router, services);
  add_job_routes(router, services);
  add_alert_routes(router, services);
  add_token_routes(router, services);
  add_sign_in_routes(router, services);
  add_dashboard_routes(router, services);
  add_server_routes(router, services);
}

std::function<void(std::shared_ptr<HttpRequest>, Reply)> answering(Handler handler) {
  return [handler =
              std::move(handler)](const std::shared_ptr<HttpRequest>& request, const Reply& reply) {
    auto response = handler(*request);
    reply(response ? std::move(*response) : error_response(response.error()));
  };
}

Result<base::Json> json_body(
    const HttpRequest& request, std::span<const std::string_view> numbers
) {
  if (request.body.empty()) return base::Json(base::Json::Object{});
  constexpr base::JsonLimits kLimits = {.depth_max = 32, .members_max = 1 << 20};
  auto parsed = base::parse_json(request.body, kLimits);
  if (!parsed && !numbers.empty())
    if (const auto readable = base::with_readable_numbers(request.body, numbers))
      parsed = base::parse_json(*readable, kLimits);
  MLG_TRY(json, std::move(parsed));
  if (!json.as_object())
    return base::fail(
        ErrorCode::kBadRequest, "the body must be a JSON object, not {}", json.type_name()
    );
  return json;
}

Result<std::uint64_t> query_number(
    const HttpRequest& request,
    const std::string& name,
    std::uint64_t min,
    std::uint64_t max,
    std::uint64_t otherwise
) {
  const auto text = request.query_value(name);
  if (!text) return otherwise;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < min || number > max)
    return base::fail_at(
        name,
        ErrorCode::kInvalidValue,
        "{} is '{}', it must be a whole number from {} to {}",
        name,
        model::printable(*text),
        min,
        max
    );
  return number;
}

namespace {

bool may_see_any(
    const Principal& principal,
    model::KindSet kinds,
    const std::string& entity,
    const std::string& index
) {
  const auto& scopes = principal.scopes;
  if (!scopes.has_events())
    return !index.empty() && scopes.allows(protocol::Scopes::Verb::kRead, index);
  return std::any_of(model::kAllKinds.begin(), model::kAllKinds.end(), [&](model::EventKind kind) {
    return (kinds & model::set_of(kind)) && scopes.sees(kind, entity, index);
  });
}

}  // namespace

bool may_see(const Principal& principal, const model::Alert& alert) {
  return may_see_any(principal, model::set_of(model::Family::kAlert), alert.alert_id, alert.index);
}

bool may_see(const Principal& principal, const model::Job& job) {
  return may_see_any(principal, model::set_of(model::Family::kJob), job.job_id, job.index);
}

bool may_see(
    const Principal& principal,
    model::EventKind sample,
    const std::string& entity,
    const std::string& index
) {
  return may_see_any(principal, model::set_of(sample), entity, index);
}

}  // namespace mlgraph::gateway
