#include <charconv>

#include "gateway/api/services.h"
#include "model/names.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr double kWaitMaxSeconds = 3'600;
constexpr double kWaitSeconds = 30;  // when the request does not say

tl::unexpected<base::Error> no_such_job(const std::string& id) {
  return fail(ErrorCode::kNotFound, "there is no job '{}'", model::printable(id));
}

Result<void> check_sees_any(const HttpRequest& request) {
  const auto& scopes = request.principal.scopes;
  if (scopes.allows_any(protocol::Scopes::Verb::kRead) || scopes.has_events()) return {};
  return fail(ErrorCode::kForbidden, "this needs a read: or an events: scope");
}

Result<model::Job> visible_job(ApiServices& services, const HttpRequest& request) {
  MLG_TRY_VOID(check_sees_any(request));
  const auto job = services.runner.find(request.param("job"));
  if (!job) return no_such_job(request.param("job"));
  // Whoever may write its index can have begun it, and may cancel it: who knows its id sees it.
  const bool visible =
      may_see(request.principal, *job) ||
      (!job->index.empty() &&
       request.principal.scopes.allows(protocol::Scopes::Verb::kWrite, job->index));
  if (!visible)
    return fail(ErrorCode::kForbidden, "job '{}' is one that this token may not see", job->job_id);
  return *job;
}

/// timeout_s: seconds, also a part of one.
Result<std::chrono::milliseconds> wait_time(const HttpRequest& request) {
  const auto text = request.query_value("timeout_s");
  double seconds = kWaitSeconds;
  if (text) {
    const char* end = text->data() + text->size();
    const auto [read_to, error] = std::from_chars(text->data(), end, seconds);
    if (error != std::errc{} || read_to != end || !(seconds >= 0 && seconds <= kWaitMaxSeconds))
      return base::fail_at(
          "timeout_s",
          ErrorCode::kInvalidValue,
          "timeout_s is '{}', it must be a number of seconds from 0 to {}",
          model::printable(*text),
          kWaitMaxSeconds
      );
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1'000));
}

Result<HttpResponse> list_jobs(ApiServices& services, const HttpRequest& request) {
  MLG_TRY_VOID(check_sees_any(request));
  std::optional<model::JobState> state;
  if (const auto text = request.query_value("state")) {
    state = model::parse_job_state(*text);
    if (!state)
      return base::fail_at(
          "state",
          ErrorCode::kInvalidValue,
          "state '{}' is none of queued, running, completed, failed",
          model::printable(*text)
      );
  }
  auto all = services.runner.list(request.query_value("index").value_or(""), state);
  std::erase_if(all, [&](const model::Job& job) { return !may_see(request.principal, job); });
  return json_response(200, json_list("jobs", all));
}

void get(ApiServices& services, const std::shared_ptr<HttpRequest>& request, const Reply& reply) {
  const auto refuse = [&](const base::Error& error) { reply(error_response(error)); };
  const auto job = visible_job(services, *request);
  if (!job) return refuse(job.error());
  const auto wait_for = request->query_value("wait_for");
  if (!wait_for) return reply(json_response(200, json_text(*job)));
  if (*wait_for != "completed")
    return refuse({ErrorCode::kInvalidValue, "wait_for must be completed", "wait_for", {}});
  const auto time = wait_time(*request);
  if (!time) return refuse(time.error());
  if (job->ended() || *time == std::chrono::milliseconds(0))
    return reply(json_response(200, json_text(*job)));
  const auto deadline = services.clock.steady_now() + *time;
  const auto& token = request->principal.name;
  if (auto waiting = services.job_waits.wait(job->job_id, token, deadline, reply); !waiting)
    refuse(waiting.error());
}

Result<HttpResponse> cancel(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(job, visible_job(services, request));
  const bool allowed =
      job.index.empty()
          ? request.principal.scopes.is_admin()
          : request.principal.scopes.allows(protocol::Scopes::Verb::kWrite, job.index);
  if (!allowed) return fail(ErrorCode::kForbidden, "this needs the scope write:{}", job.index);
  MLG_TRY(stopping, services.runner.cancel(job.job_id));
  return json_response(202, json_text(stopping));
}

}  // namespace

void add_job_routes(Router& router, ApiServices& services) {
  router.add(
      {"GET",
       "/api/v1/jobs",
       Access::kAnyToken,
       false,
       true,
       0,
       answering([&](HttpRequest& request) { return list_jobs(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/jobs/{job}",
       Access::kAnyToken,
       false,
       true,
       0,
       [&services](const std::shared_ptr<HttpRequest>& request, const Reply& reply) {
         get(services, request, reply);
       }}
  );
  router.add(
      {"POST",
       "/api/v1/jobs/{job}/cancel",
       Access::kWrite,
       false,
       true,
       4'096,
       answering([&](HttpRequest& request) { return cancel(services, request); })}
  );
}

}  // namespace mlgraph::gateway
