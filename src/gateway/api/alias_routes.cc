#include "gateway/api/services.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail_at;
using base::Json;
using base::Result;

namespace {

constexpr std::size_t kChangesMax = 2 * Aliases::kMax;  // all gone, and as many others

/// `index` is asked for by name: a member that was forgotten removes nothing.
Result<AliasChange> parse_change(const Json& item, const std::string& place) {
  const auto* alias = item.find("alias");
  const auto* index = item.find("index");
  if (!alias || !alias->as_string())
    return fail_at(
        place + "alias", ErrorCode::kInvalidValue, "{}alias must be the name of an alias", place
    );
  if (!index || !(index->as_string() || index->is_null()))
    return fail_at(
        place + "index",
        ErrorCode::kInvalidValue,
        "{}index must be the name of an index, or null to remove the alias",
        place
    );
  AliasChange change{*alias->as_string(), std::nullopt};
  if (index->as_string()) change.index = *index->as_string();
  return change;
}

Result<std::vector<AliasChange>> parse_list(const Json& list) {
  const auto* items = list.as_array();
  if (!items || items->empty() || items->size() > kChangesMax)
    return fail_at(
        "aliases",
        ErrorCode::kInvalidValue,
        "aliases must be an array of 1 to {} changes",
        kChangesMax
    );
  std::vector<AliasChange> changes;
  for (std::size_t i = 0; i < items->size(); ++i) {
    MLG_TRY(change, parse_change((*items)[i], fmt::format("aliases[{}].", i)));
    changes.push_back(std::move(change));
  }
  return changes;
}

HttpResponse visible(ApiServices& services, const Principal& principal) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("aliases");
    out.array([&] {
      for (const auto& each : services.aliases.list()) {
        if (!principal.scopes.allows(protocol::Scopes::Verb::kRead, each.index)) continue;
        out.object([&] {
          out.member("alias", each.alias);
          out.member("index", each.index);
        });
      }
    });
  });
  return json_response(200, std::move(text));
}

Result<HttpResponse> put(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(body, json_body(request));
  const auto* list = body.find("aliases");
  if (list && (body.find("alias") || body.find("index")))
    return base::fail(ErrorCode::kBadRequest, "give either alias and index, or aliases");
  std::vector<AliasChange> changes;
  if (list) {
    MLG_TRY(parsed, parse_list(*list));
    changes = std::move(parsed);
  } else {
    MLG_TRY(parsed, parse_change(body, ""));
    changes.push_back(std::move(parsed));
  }
  MLG_TRY_VOID(services.aliases.change(changes, list != nullptr));
  return visible(services, request.principal);
}

}  // namespace

void add_alias_routes(Router& router, ApiServices& services) {
  router.add(
      {"GET",
       "/api/v1/aliases",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         return visible(services, request.principal);
       })}
  );
  router.add(
      {"PUT",
       "/api/v1/aliases",
       Access::kAdmin,
       false,
       true,
       std::size_t{1} << 20,
       answering([&](HttpRequest& request) { return put(services, request); })}
  );
  router.add(
      {"DELETE",
       "/api/v1/aliases/{alias}",
       Access::kAdmin,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY_VOID(services.aliases.remove(request.param("alias")));
         return HttpResponse{204, "", "", {}, ""};
       })}
  );
}

}  // namespace mlgraph::gateway
