#include "gateway/api/services.h"
#include "gateway/api/streamed_body.h"
#include "work/compression.h"
#include "work/file_import.h"
#include "work/recall_job.h"
#include "work/reseal_job.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

work::RowOptions row_options(const ApiServices& services, const HttpRequest& request) {
  work::RowOptions options;
  options.id_prefix = request.query_value("id_prefix").value_or("");
  options.dataset = request.query_value("dataset").value_or(options.dataset);
  options.spool_dir = services.spool_dir;
  return options;
}

/// A file of the import folder, as a background job.
Result<HttpResponse> import_source(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(source, read_source_name(*request.stream));
  MLG_TRY(
      job,
      work::start_file_import(
          {services.engine,
           services.metrics,
           services.clock,
           services.import_dir,
           services.spool_dir},
          services.runner,
          {request.param("id"),
           request.query_value("jobId").value_or(""),
           source,
           row_options(services, request)}
      )
  );
  return accepted(job);
}

Result<HttpResponse> import_body(ApiServices& services, const HttpRequest& request) {
  const std::string& id = request.param("id");
  MLG_TRY(compression, work::compression_of_coding(request.content_encoding));
  if (request.content_type == "application/json") {
    if (compression != work::Compression::kNone)
      return base::fail(ErrorCode::kBadRequest, "JSON is taken without Content-Encoding only");
    return import_source(services, request);
  }
  MLG_TRY_VOID(services.engine.check_writable(id));
  MLG_TRY(dimension, services.engine.dimension(id));
  BodySource body(request.stream);
  work::BodyMeasure measure{body.length()};
  std::unique_ptr<work::InflatingSource> inflating;
  if (compression != work::Compression::kNone) {
    inflating = work::make_inflating_source(compression, body);
    measure.read = [&inflating] { return inflating->compressed_bytes(); };
  }
  MLG_TRY(
      rows,
      work::make_row_source(
          request.content_type,
          inflating ? static_cast<work::ByteSource&>(*inflating) : body,
          dimension,
          row_options(services, request)
      )
  );
  MLG_TRY(
      job,
      services.runner.begin(
          {"import", id, request.query_value("jobId").value_or(""), {}, "starting", {}}
      )
  );
  request.stream->set_interrupt([handle = job.get()] { return handle->cancelled(); });
  auto outcome =
      work::run_import(services.engine, services.metrics, services.clock, *job, *rows, measure);
  request.stream->set_interrupt(nullptr);
  const int refusal = outcome ? 400 : status_of_failed(outcome.error());
  MLG_TRY(ended, services.runner.finish(job, std::move(outcome)));
  if (ended.state == model::JobState::kFailed) return json_response(refusal, json_text(ended));
  return accepted(ended);
}

}  // namespace

void add_import_routes(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/indices/{id}/import",
       Access::kWrite,
       true,
       false,
       0,
       [&services](const std::shared_ptr<HttpRequest>& request, const Reply& reply) {
         const bool taken = services.ingest.try_post([&services, request, reply] {
           auto response = import_body(services, *request);
           reply(response ? std::move(*response) : error_response(response.error()));
         });
         if (!taken)
           reply(error_response({ErrorCode::kOverloaded, "too many imports are waiting", {}, 1'000})
           );
       }}
  );
  constexpr std::array<std::pair<const char*, index::Resealing>, 3> kResealings = {{
      {"/api/v1/indices/{id}/train", index::Resealing::kTrain},
      {"/api/v1/indices/{id}/merge", index::Resealing::kMerge},
      {"/api/v1/indices/{id}/compact", index::Resealing::kCompact},
  }};
  for (const auto& [path, kind] : kResealings)
    router.add(
        {"POST",
         path,
         Access::kWrite,
         false,
         true,
         4'096,
         answering([&services, kind = kind](HttpRequest& request) -> Result<HttpResponse> {
           MLG_TRY(
               job,
               work::start_resealing(services.engine, services.runner, request.param("id"), kind)
           );
           return accepted(job);
         })}
    );
  router.add(
      {"POST",
       "/api/v1/indices/{id}/recall",
       Access::kSearch,
       false,
       true,
       4'096,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         base::Json body = base::parse_json("{}").value();
         if (!request.body.empty()) {
           MLG_TRY(given, json_body(request));
           body = std::move(given);
         }
         MLG_TRY(what, work::parse_recall(body));
         what.index = request.param("id");
         MLG_TRY(there, services.engine.get(what.index));
         static_cast<void>(there);
         MLG_TRY(job, work::start_recall(services.engine, services.metrics, services.runner, what));
         return accepted(job);
       })}
  );
}

}  // namespace mlgraph::gateway
