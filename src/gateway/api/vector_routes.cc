#include <algorithm>

#include "gateway/api/services.h"
#include "work/json_rows.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::Result;

namespace {

void write_record(base::JsonWriter& out, const index::VectorRecord& record) {
  out.object([&] {
    out.member("id", record.id);
    out.key("values");
    out.array([&] {
      for (const float value : record.values) out.value(value);
    });
    out.key("metadata");
    out.raw(record.metadata.empty() ? "{}" : record.metadata);
  });
}

std::string deleted_json(std::size_t count) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] { out.member("deleted", count); });
  return text;
}

Result<HttpResponse> upsert(ApiServices& services, const HttpRequest& request) {
  const std::string& id = request.param("id");
  MLG_TRY(dimension, services.engine.dimension(id));
  work::RowBuffer rows(dimension);
  if (request.content_type == "application/x-ndjson") {
    MLG_TRY_VOID(work::parse_vectors_ndjson(request.body, rows));
  } else {
    MLG_TRY_VOID(work::parse_vectors_body(request.body, rows));
  }
  const auto view = rows.view();
  MLG_TRY_VOID(services.engine.check_rows(id, view));
  MLG_TRY(upserted, services.engine.upsert(id, view));
  const auto counts = services.metrics.index(id);
  const auto now = services.clock.steady_now();
  counts->ingested.add(now, upserted);
  counts->ingested_bytes.add(now, rows.bytes());
  counts->ingested_total.fetch_add(upserted, std::memory_order_relaxed);
  std::string text;
  base::JsonWriter out(text);
  out.object([&] { out.member("upserted", upserted); });
  return json_response(200, std::move(text));
}

Result<HttpResponse> scroll(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(limit, query_number(request, "limit", 1, 1'000, 100));
  MLG_TRY(
      page,
      services.engine.scroll(request.param("id"), request.query_value("after").value_or(""), limit)
  );
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("vectors");
    out.array([&] {
      for (const auto& record : page.vectors) write_record(out, record);
    });
    out.key("next");
    page.next.empty() ? out.null() : out.value(page.next);
  });
  return json_response(200, std::move(text));
}

/// A filter that asks nothing matches everything: an empty index is to be asked for in words.
bool has_condition(const index::Filter& filter) {
  const auto any = [](const std::vector<index::Filter::Clause>& clauses) {
    return std::any_of(clauses.begin(), clauses.end(), [](const auto& clause) {
      const auto* nested = std::get_if<std::unique_ptr<index::Filter>>(&clause.item);
      return !nested || has_condition(**nested);
    });
  };
  return any(filter.must) || any(filter.should) || any(filter.must_not);
}

Result<HttpResponse> erase(ApiServices& services, const HttpRequest& request) {
  MLG_TRY(body, json_body(request));
  const auto* ids = body.find("ids");
  const auto* filter = body.find("filter");
  if ((ids != nullptr) == (filter != nullptr))
    return base::fail(ErrorCode::kBadRequest, "give either ids or filter");
  if (filter) {
    MLG_TRY(parsed, index::parse_filter(*filter));
    if (!has_condition(parsed))
      return base::fail_at(
          "filter",
          ErrorCode::kInvalidValue,
          "filter has no condition and would delete every vector: give it one, or delete the index"
      );
    MLG_TRY(deleted, services.engine.erase_matching(request.param("id"), parsed));
    return json_response(200, deleted_json(deleted));
  }
  if (!ids->as_array())
    return base::fail_at(
        "ids", ErrorCode::kInvalidValue, "ids must be an array, not {}", ids->type_name()
    );
  std::vector<std::string> texts;
  for (const auto& id : *ids->as_array()) {
    if (id.as_string())
      texts.push_back(*id.as_string());
    else if (id.as_int())
      texts.push_back(std::to_string(*id.as_int()));
    else if (id.as_uint())
      texts.push_back(std::to_string(*id.as_uint()));
    else
      return base::fail_at("ids", ErrorCode::kInvalidValue, "ids must be texts or whole numbers");
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  MLG_TRY(deleted, services.engine.erase(request.param("id"), views));
  return json_response(200, deleted_json(deleted));
}

}  // namespace

void add_vector_routes(Router& router, ApiServices& services) {
  constexpr std::size_t kBodyMax = std::size_t{64} << 20;
  router.add(
      {"POST",
       "/api/v1/indices/{id}/vectors",
       Access::kWrite,
       false,
       true,
       kBodyMax,
       answering([&](HttpRequest& request) { return upsert(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/indices/{id}/vectors",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) { return scroll(services, request); })}
  );
  router.add(
      {"POST",
       "/api/v1/indices/{id}/vectors/delete",
       Access::kWrite,
       false,
       true,
       kBodyMax,
       answering([&](HttpRequest& request) { return erase(services, request); })}
  );
  router.add(
      {"GET",
       "/api/v1/indices/{id}/vectors/{vid}",
       Access::kRead,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         MLG_TRY(record, services.engine.fetch(request.param("id"), request.param("vid")));
         std::string text;
         base::JsonWriter out(text);
         write_record(out, record);
         return json_response(200, std::move(text));
       })}
  );
  router.add(
      {"DELETE",
       "/api/v1/indices/{id}/vectors/{vid}",
       Access::kWrite,
       false,
       true,
       0,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         const std::string_view id = request.param("vid");
         MLG_TRY(deleted, services.engine.erase(request.param("id"), {&id, 1}));
         return json_response(200, deleted_json(deleted));
       })}
  );
}

}  // namespace mlgraph::gateway
