#include "gateway/api/services.h"

namespace mlgraph::gateway {

using base::Result;

void add_alert_routes(Router& router, ApiServices& services) {
  router.add(
      {"GET",
       "/api/v1/alerts",
       Access::kAnyToken,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         const auto& scopes = request.principal.scopes;
         if (!scopes.allows_any(protocol::Scopes::Verb::kRead) && !scopes.has_events())
           return base::fail(base::ErrorCode::kForbidden, "this needs a read: or an events: scope");
         auto open = services.alerts.open_alerts();
         std::erase_if(open, [&](const model::Alert& alert) {
           return !may_see(request.principal, alert);
         });
         return json_response(200, json_list("alerts", open));
       })}
  );
  router.add(
      {"POST",
       "/api/v1/alerts/{alert}/ack",
       Access::kAdmin,
       false,
       true,
       4'096,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(alert, services.alerts.acknowledge(request.param("alert")));
         return json_response(200, json_text(alert));
       })}
  );
  router.add(
      {"GET",
       "/api/v1/alert-rules",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest&) -> Result<HttpResponse> {
         return json_response(200, json_list("rules", services.alerts.rules()));
       })}
  );
  router.add(
      {"PUT",
       "/api/v1/alert-rules/{rule}",
       Access::kAdmin,
       false,
       true,
       64 * 1024,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(changes, json_body(request));
         MLG_TRY(rule, services.alerts.put_rule(request.param("rule"), changes));
         return json_response(200, json_text(rule));
       })}
  );
}

}  // namespace mlgraph::gateway
