#include "gateway/api/services.h"

namespace mlgraph::gateway {

using base::Result;
using protocol::Scopes;

namespace {

Result<HttpResponse> create_index(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(spec, json_body(request));
  // The route's own check saw only that some index may be written; which one, the body says.
  const auto* id = spec.find("index_id");
  if (id && id->as_string() &&
      !request.principal.scopes.allows(Scopes::Verb::kWrite, *id->as_string()))
    return base::fail(
        base::ErrorCode::kForbidden, "this needs the scope write:{}", *id->as_string()
    );
  std::optional<Aliases::Claim> claim;  // until the index is there for whoever sets an alias
  if (id && id->as_string()) {
    MLG_TRY(claimed, services.aliases.claim_to_make(*id->as_string()));
    claim.emplace(std::move(claimed));
  }
  MLG_TRY(made, services.engine.create(spec));
  auto response = json_response(201, json_text(made));
  response.headers.emplace_back("Location", "/api/v1/indices/" + made.index_id);
  return response;
}

Result<HttpResponse> list_indices(ApiServices& services, const HttpRequest& request) {
  auto all = services.engine.list();
  std::erase_if(all, [&](const model::Index& index) {
    return !request.principal.scopes.allows(Scopes::Verb::kRead, index.index_id);
  });
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("indices");
    out.array([&] {
      for (const auto& index : all) model::write(out, index);
    });
    out.member("total_count", all.size());
  });
  return json_response(200, std::move(text));
}

}  // namespace

Result<void> remove_index(ApiServices& services, const std::string& id) {
  MLG_TRY(known, services.engine.get(id));
  MLG_TRY(claim, services.aliases.claim_to_delete(id));
  // Its jobs and alerts end first: index.deleted is the last that is heard of it.
  services.runner.cancel_index(known.index_id);
  auto ended = services.alerts.resolve_index(id);
  if (ended) ended = services.engine.remove(id);
  const bool gone = !ended && ended.error().code == base::ErrorCode::kNotFound;
  if (!ended && !gone) {  // gone: a job that made it has taken it back
    // It stays, so it takes jobs and alerts again.
    services.runner.reopen_index(id);
    services.alerts.reopen_index(id);
    return tl::unexpected(ended.error());
  }
  services.hub.forget_metrics_of(id);
  return {};
}

void add_index_routes(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/indices",
       Access::kWrite,
       false,
       true,
       std::size_t{1} << 20,
       answering([&](HttpRequest& request) { return create_index(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/indices",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) { return list_indices(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/indices/{id}",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(index, services.engine.get(request.param("id")));
         return json_response(200, json_text(index));
       })}
  );
  router.add(
      {"PATCH",
       "/api/v1/indices/{id}",
       Access::kWrite,
       false,
       true,
       std::size_t{1} << 20,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(changes, json_body(request));
         MLG_TRY(index, services.engine.patch(request.param("id"), changes));
         return json_response(200, json_text(index));
       })}
  );
  router.add(
      {"DELETE",
       "/api/v1/indices/{id}",
       Access::kWrite,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY_VOID(remove_index(services, request.param("id")));
         return HttpResponse{204, "", "", {}, ""};
       })}
  );
}

}  // namespace mlgraph::gateway
