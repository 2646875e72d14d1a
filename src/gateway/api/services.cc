#include "gateway/api/services.h"

#include <charconv>

#include "base/json_numbers.h"
#include "model/names.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

void add_routes(Router& router, ApiServices& services) {
  add_index_routes(router, services);
  add_vector_routes(router, services);
  add_search_route(router, services);
  add_import_routes(router, services);
  add_job_routes(router, services);
  add_alert_routes(router, services);
  add_token_routes(router, services);
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

bool may_see(const Principal& principal, const std::string& index) {
  if (index.empty()) return principal.scopes.is_admin() || principal.scopes.has_events();
  return principal.scopes.allows(protocol::Scopes::Verb::kRead, index);
}

}  // namespace mlgraph::gateway
