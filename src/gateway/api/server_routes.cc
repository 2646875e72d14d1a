// What the server says of itself: health, metrics, state, sessions, cluster, its own
// specifications.
#include "gateway/api/services.h"
#include "gateway/session/state_snapshot.h"
#include "metrics/exposition.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;
using model::EventKind;
using protocol::Scopes;

namespace {

std::string status_json(std::string_view status) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] { out.member("status", status); });
  return text;
}

Result<HttpResponse> state(ApiServices& services, const HttpRequest& request) {
  StateView view{
      services.committer.state(),
      services.committer.tail().epoch,
      services.hub.newest_metrics(),
      request.principal.scopes,
      {}};
  MLG_TRY(channels, request.channels());
  for (const auto& channel : channels) {
    MLG_TRY(pattern, protocol::Pattern::parse(channel));
    if (!view.scopes.could_match(pattern))
      return base::fail(
          ErrorCode::kForbidden, "channel '{}' is not covered by this token's scopes", channel
      );
    view.patterns.push_back(std::move(pattern));
  }
  std::string text = "{\"type\":\"state\",\"timestamp\":\"" +
                     base::format_timestamp(services.clock.wall_now()) +
                     "\",\"data\":" + whole_state(view) + ",\"id\":\"" +
                     model::format_cursor({view.epoch, view.fold->seq()}) + "\"}";
  return json_response(200, std::move(text));
}

std::string session_json(const std::vector<SessionRow>& rows) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("sessions");
    out.array([&] {
      for (const auto& row : rows)
        out.object([&] {
          out.member("session", row.session);
          out.member("token", row.token);
          out.member("remote", row.remote);
          out.member("transport", row.transport);
          out.key("channels");
          out.array([&] {
            for (const auto& channel : row.channels) out.value(channel);
          });
          out.member("queued_bytes", row.queued_bytes);
          out.member("id", row.id);
          out.member("lag", row.lag);
          out.member("since", base::format_timestamp(row.since));
        });
    });
  });
  return text;
}

/// One machine: this node, and what it holds.
std::string cluster_json(ApiServices& services) {
  std::size_t shards = 0;
  for (const auto& index : services.engine.list()) shards += index.shards.size();
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("nodes");
    out.array([&] {
      out.object([&] {
        out.member("node", services.node);
        out.member("state", services.ready() ? "active" : "recovering");
        out.member("shards", shards);
        out.member("uptime_seconds", services.sampler.newest()->system.uptime_seconds);
      });
    });
  });
  return text;
}

template <typename Samples>
Result<HttpResponse> samples_of(
    const HttpRequest& request, EventKind kind, const Samples& samples
) {
  using Sample = typename Samples::mapped_type;
  std::vector<Sample> visible;
  for (const auto& [name, sample] : samples)
    if (may_see(request.principal, kind, name, name)) visible.push_back(sample);
  return json_response(200, json_list("metrics", visible));
}

Result<HttpResponse> system_sample(ApiServices& services, const HttpRequest& request) {
  const bool visible =
      may_see(request.principal, EventKind::kMetricsSystem, services.node, std::string());
  // A list shows what one may see, to whom it may show anything.
  if (!visible && !request.principal.scopes.allows_any(Scopes::Verb::kRead))
    return base::fail(
        ErrorCode::kForbidden, "this needs a read: scope, or an events: scope of metrics.system"
    );
  std::vector<metrics::SystemSample> newest;
  if (const auto gauges = services.sampler.newest(); visible && !gauges->system.node.empty())
    newest.push_back(gauges->system);
  return json_response(200, json_list("metrics", newest));
}

void add_metrics(Router& router, ApiServices& services) {
  router.add(
      {"GET",
       "/api/v1/metrics/system",
       Access::kAnyToken,
       false,
       true,
       0,
       answering([&](HttpRequest& request) { return system_sample(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/metrics/index",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) {
         return samples_of(request, EventKind::kMetricsIndex, services.sampler.newest_indices());
       })}
  );
  router.add(
      {"GET",
       "/api/v1/metrics/search",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) {
         return samples_of(request, EventKind::kMetricsSearch, services.sampler.newest_search());
       })}
  );
  router.add(
      {"GET",
       "/api/v1/metrics/ingest",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) {
         return samples_of(request, EventKind::kMetricsIngest, services.sampler.newest_ingest());
       })}
  );
  router.add(
      {"GET",
       "/metrics",
       services.metrics_public ? Access::kPublic : Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         // All indices stand on this page: a token for some of them does not do.
         if (!services.metrics_public && !request.principal.scopes.allows(Scopes::Verb::kRead, "*"))
           return base::fail(ErrorCode::kForbidden, "this needs the scope read:*");
         HttpResponse response;
         response.content_type = "text/plain; version=0.0.4";
         response.body = metrics::expose(services.metrics, services.sampler);
         return response;
       })}
  );
}

void add_document(Router& router, const char* path, const std::string& text) {
  router.add(
      {"GET",
       path,
       Access::kPublic,
       false,
       false,
       0,
       answering([&text](HttpRequest&) -> Result<HttpResponse> {
         HttpResponse response;
         response.content_type = "application/yaml";
         response.body = text;
         return response;
       })}
  );
}

}  // namespace

void add_server_routes(Router& router, ApiServices& services) {
  router.add(
      {"GET",
       "/health/live",
       Access::kPublic,
       false,
       false,
       0,
       answering([](HttpRequest&) -> Result<HttpResponse> {
         return json_response(200, status_json("live"));
       })}
  );
  router.add(
      {"GET",
       "/health/ready",
       Access::kPublic,
       false,
       false,
       0,
       answering([&](HttpRequest&) -> Result<HttpResponse> {
         const bool ready = services.ready();
         return json_response(ready ? 200 : 503, status_json(ready ? "ready" : "not ready"));
       })}
  );
  add_document(router, "/openapi.yaml", services.openapi_yaml);
  add_document(router, "/asyncapi.yaml", services.asyncapi_yaml);
  add_metrics(router, services);
  router.add(
      {"GET",
       "/api/v1/state",
       Access::kEvents,
       false,
       true,
       0,
       answering([&](HttpRequest& request) { return state(services, request); })}
  );
  // Taken over by the connection: the stream is fed by the hub, not by a handler.
  router.add(
      {"GET",
       "/api/v1/events",
       Access::kEvents,
       false,
       false,
       0,
       answering([](HttpRequest&) -> Result<HttpResponse> {
         return base::fail(ErrorCode::kInternal, "the event stream was not begun");
       })}
  );
  router.add(
      {"GET",
       "/api/v1/sessions",
       Access::kAdmin,
       false,
       true,
       0,
       answering([&](HttpRequest&) -> Result<HttpResponse> {
         return json_response(200, session_json(services.registry.rows()));
       })}
  );
  router.add(
      {"GET",
       "/api/v1/cluster",
       Access::kAdmin,
       false,
       true,
       0,
       answering([&](HttpRequest&) -> Result<HttpResponse> {
         return json_response(200, cluster_json(services));
       })}
  );
}

}  // namespace mlgraph::gateway
