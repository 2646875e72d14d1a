#pragma once
// What the REST handlers use, and the one function that makes the table of routes.
#include <functional>
#include <string>

#include "alerts/alert_desk.h"
#include "base/thread_pool.h"
#include "gateway/api/aliases.h"
#include "gateway/api/job_waits.h"
#include "gateway/api/router.h"
#include "gateway/api/static_file.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/rate_limiter.h"
#include "gateway/auth/sign_in.h"
#include "gateway/session/registry.h"
#include "hub/hub.h"
#include "index/engine.h"
#include "jobs/runner.h"
#include "metrics/sampler.h"
#include "store/committer.h"
#include "store/vector_store.h"
#include "work/result_files.h"

namespace mlgraph::gateway {

struct ApiServices {
  index::Engine& engine;
  jobs::Runner& runner;
  alerts::AlertDesk& alerts;
  Authenticator& authenticator;
  SignIn& sign_in;
  RateLimiter& limiter;
  SessionRegistry& registry;
  hub::Hub& hub;
  store::Committer& committer;
  metrics::ServerMetrics& metrics;
  metrics::Sampler& sampler;
  JobWaits& job_waits;
  Aliases& aliases;
  base::Executor& ingest;  ///< threads that imports block
  const base::Clock& clock;
  const store::VectorStore& vectors;  ///< exports read it
  work::ResultFiles& results;
  std::string node;
  std::string import_dir;
  std::string spool_dir;  ///< where bodies stand that cannot be read as they come
  bool metrics_public = false;
  std::function<bool()> ready;
  std::string openapi_yaml, asyncapi_yaml;
  std::span<const StaticFile> dashboard = {};  ///< what is served at / and under /assets/
};

/// All routes. `services` outlives the router.
void add_routes(Router& router, ApiServices& services);

// Its parts, one file each.
void add_index_routes(Router& router, ApiServices& services);
void add_alias_routes(Router& router, ApiServices& services);
void add_vector_routes(Router& router, ApiServices& services);
void add_search_route(Router& router, ApiServices& services);
void add_import_routes(Router& router, ApiServices& services);
void add_export_routes(Router& router, ApiServices& services);
void add_snapshot_routes(Router& router, ApiServices& services);
void add_job_routes(Router& router, ApiServices& services);
void add_alert_routes(Router& router, ApiServices& services);
void add_token_routes(Router& router, ApiServices& services);
void add_sign_in_routes(Router& router, ApiServices& services);
void add_dashboard_routes(Router& router, ApiServices& services);
void add_server_routes(Router& router, ApiServices& services);

/// Ends its jobs, resolves its alerts, deletes the index: what DELETE does. errors kNotFound,
/// kConflict naming its aliases, the engine's.
[[nodiscard]] base::Result<void> remove_index(ApiServices& services, const std::string& id);

/// At start, once the engine has recovered: deletes the indices that failed restores have left.
void take_back_failed_restores(ApiServices& services);

/// Adapts a plain function: its error becomes the answer.
using Handler = std::function<base::Result<HttpResponse>(HttpRequest&)>;
[[nodiscard]] std::function<void(std::shared_ptr<HttpRequest>, Reply)> answering(Handler handler);
/// The body as JSON; an empty one is an empty object. `numbers`: the places of which NaN, Infinity
/// and whole numbers beyond 64 bits are judged by who reads them, see base/json_numbers.h.
[[nodiscard]] base::Result<base::Json> json_body(
    const HttpRequest& request, std::span<const std::string_view> numbers = {}
);
/// A query member as a whole number in [min, max].
[[nodiscard]] base::Result<std::uint64_t> query_number(
    const HttpRequest& request,
    const std::string& name,
    std::uint64_t min,
    std::uint64_t max,
    std::uint64_t otherwise
);

template <typename Object>
[[nodiscard]] std::string json_text(const Object& object) {
  std::string text;
  base::JsonWriter out(text);
  write(out, object);
  return text;
}
/// {"name":[…]}, each item written by its own write().
template <typename Object>
[[nodiscard]] std::string json_list(std::string_view name, const std::vector<Object>& items) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key(name);
    out.array([&] {
      for (const auto& item : items) write(out, item);
    });
  });
  return text;
}
/// Whether a token sees over REST what events tell of: jobs, alerts, samples. One that has events:
/// scopes is held to what it would be told (protocol::Scopes::sees, any kind of the family). One
/// that has none is told nothing, and reads what names an index that it may read; what names no
/// index it does not see.
[[nodiscard]] bool may_see(const Principal& principal, const model::Alert& alert);
[[nodiscard]] bool may_see(const Principal& principal, const model::Job& job);
[[nodiscard]] bool may_see(
    const Principal& principal,
    model::EventKind sample,
    const std::string& entity,
    const std::string& index
);

}  // namespace mlgraph::gateway
