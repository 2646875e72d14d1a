#include "base/log.h"
#include "gateway/api/services.h"
#include "gateway/api/streamed_body.h"
#include "work/import_file.h"
#include "work/restore_job.h"
#include "work/snapshot_job.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

/// A restore that may begin. While it lives nobody sets an alias on the index or under its name.
struct Prepared {
  jobs::JobSpec spec;
  std::shared_ptr<const std::pair<Aliases::Claim, Aliases::Claim>> claims;
};

Result<Prepared> prepare(
    ApiServices& services, const HttpRequest& request, const work::SnapshotHead& head
) {
  MLG_TRY(
      spec, work::restore_spec(services.engine, head, request.query_value("index").value_or(""))
  );
  spec.job_id = request.query_value("jobId").value_or("");
  MLG_TRY(name, services.aliases.claim_to_make(spec.index));
  MLG_TRY(target, services.aliases.claim_to_delete(spec.index));
  auto claims = std::make_shared<const std::pair<Aliases::Claim, Aliases::Claim>>(
      std::move(name), std::move(target)
  );
  return Prepared{std::move(spec), std::move(claims)};
}

/// Deletes what a failed restore has left of its index, and no other of that name.
void take_back(ApiServices& services, const model::Job& job) {
  const auto index = services.engine.get(job.index);
  if (!index || !work::is_half_made(*index, job)) return;
  if (auto removed = remove_index(services, job.index); !removed)
    base::log(
        base::LogLevel::kError,
        "a half restored index stays until the next start",
        "index",
        job.index,
        "reason",
        removed.error().message
    );
}

/// A file whose header cannot be read names no index: its job has none either.
Result<HttpResponse> fail_at_once(
    ApiServices& services, const HttpRequest& request, const base::Error& error
) {
  jobs::JobSpec spec;
  spec.job_type = work::kRestoreType;
  spec.job_id = request.query_value("jobId").value_or("");
  MLG_TRY(job, services.runner.begin(spec));
  MLG_TRY(ended, services.runner.finish(job, tl::unexpected(error)));
  return json_response(status_of_failed(error), json_text(ended));
}

/// A file of the import folder, as a background job.
Result<HttpResponse> restore_source(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(source, read_source_name(*request.stream));
  MLG_TRY(opened, work::open_import_file(services.import_dir, source));
  const std::shared_ptr<work::ImportFile> file = std::move(opened);
  auto reader = work::SnapshotReader::open(*file);
  if (!reader) return fail_at_once(services, request, reader.error());
  const std::shared_ptr<work::SnapshotReader> snapshot = std::move(*reader);
  MLG_TRY(prepared, prepare(services, request, snapshot->head()));
  MLG_TRY(
      job,
      services.runner.start(
          prepared.spec,
          [&services, file, snapshot](jobs::JobHandle& handle) {
            return work::run_restore(
                services.engine, services.metrics, services.clock, handle, *snapshot
            );
          }
      )
  );
  services.runner.on_end(
      job.job_id,
      [&services, claims = prepared.claims](const Result<model::Job>& ended) {
        if (ended) take_back(services, *ended);
      }
  );
  return accepted(job);
}

Result<HttpResponse> restore_body(ApiServices& services, const HttpRequest& request) {
  if (!request.content_encoding.empty() && request.content_encoding != "identity")
    return base::fail(
        ErrorCode::kBadRequest, "a snapshot is compressed already: send it without Content-Encoding"
    );
  if (request.content_type == "application/json") return restore_source(services, request);
  BodySource body(request.stream);
  auto snapshot = work::SnapshotReader::open(body);
  if (!snapshot) return fail_at_once(services, request, snapshot.error());
  MLG_TRY(prepared, prepare(services, request, (*snapshot)->head()));
  MLG_TRY(job, services.runner.begin(prepared.spec));
  request.stream->set_interrupt([handle = job.get()] { return handle->cancelled(); });
  auto outcome =
      work::run_restore(services.engine, services.metrics, services.clock, *job, **snapshot);
  request.stream->set_interrupt(nullptr);
  const int refusal = outcome ? 400 : status_of_failed(outcome.error());
  MLG_TRY(ended, services.runner.finish(job, std::move(outcome)));
  if (ended.state != model::JobState::kFailed) return accepted(ended);
  take_back(services, ended);
  return json_response(refusal, json_text(ended));
}

}  // namespace

void take_back_failed_restores(ApiServices& services) {
  const auto state =
      services.committer.state();  // of this moment: what is taken back makes a new one
  for (const auto& [id, job] : state->jobs()) take_back(services, *job);
}

void add_snapshot_routes(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/indices/{id}/snapshot",
       Access::kWrite,
       false,
       true,
       4'096,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(
             job,
             work::start_snapshot(
                 {services.vectors,
                  services.committer,
                  services.engine,
                  services.results,
                  services.clock},
                 services.runner,
                 request.param("id"),
                 request.query_value("jobId").value_or("")
             )
         );
         return accepted(job);
       })}
  );
  router.add(
      {"POST",
       "/api/v1/restore",
       Access::kAdmin,
       true,
       false,
       0,
       [&services](const std::shared_ptr<HttpRequest>& request, const Reply& reply) {
         const bool taken = services.ingest.try_post([&services, request, reply] {
           auto response = restore_body(services, *request);
           reply(response ? std::move(*response) : error_response(response.error()));
         });
         if (!taken)
           reply(error_response({ErrorCode::kOverloaded, "too many imports are waiting", {}, 1'000})
           );
       }}
  );
}

}  // namespace mlgraph::gateway
