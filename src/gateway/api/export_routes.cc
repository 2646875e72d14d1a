#include "gateway/api/services.h"
#include "model/names.h"
#include "work/export_job.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Result<HttpResponse> begin_export(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(body, json_body(request));
  MLG_TRY(what, work::parse_export(body));
  what.index = request.param("id");
  what.job_id = request.query_value("jobId").value_or("");
  MLG_TRY(
      job,
      work::start_export(
          {services.vectors, services.committer, services.results}, services.runner, what
      )
  );
  auto response = json_response(202, json_text(job));
  response.headers.emplace_back("Location", "/api/v1/jobs/" + job.job_id);
  return response;
}

/// The file that a job has made. Who may read the job's index may have it; that of a job without
/// one is the admin's.
Result<HttpResponse> result_of(ApiServices& services, const HttpRequest& request) {
  const std::string& id = request.param("job");
  const auto job = services.runner.find(id);
  if (!job) return fail(ErrorCode::kNotFound, "there is no job '{}'", model::printable(id));
  const auto& scopes = request.principal.scopes;
  const bool allowed = job->index.empty()
                           ? scopes.is_admin()
                           : scopes.allows(protocol::Scopes::Verb::kRead, job->index);
  if (!allowed)
    return fail(
        ErrorCode::kForbidden,
        "this needs the scope {}",
        job->index.empty() ? "admin" : "read:" + job->index
    );
  if (!job->ended()) return fail(ErrorCode::kConflict, "job '{}' has not ended", id);
  const auto found = services.results.find(id);
  if (!found || job->state != model::JobState::kCompleted)
    return fail(ErrorCode::kNotFound, "job '{}' has no file, or has it no longer", id);
  HttpResponse response;
  response.content_type = found->content_type;
  response.file_path = found->path;
  response.headers.emplace_back(
      "Content-Disposition", "attachment; filename=\"" + found->name + "\""
  );
  return response;
}

}  // namespace

void add_export_routes(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/indices/{id}/export",
       Access::kWrite,
       false,
       true,
       std::size_t{1} << 20,
       answering([&](HttpRequest& request) { return begin_export(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/jobs/{job}/result",
       Access::kAnyToken,
       false,
       true,
       0,
       answering([&](HttpRequest& request) { return result_of(services, request); })}
  );
}

}  // namespace mlgraph::gateway
