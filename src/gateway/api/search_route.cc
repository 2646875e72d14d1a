#include <array>
#include <cmath>
#include <limits>

#include "gateway/api/services.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail_at;
using base::Json;
using base::Result;

namespace {

constexpr std::size_t kQueriesMax = 100;
constexpr std::array<std::string_view, 5> kNumbers = {
    "vector[]", "vectors[][]", "k", "nprobe", "ef"};

struct SearchBody {
  std::vector<std::vector<float>> queries;
  std::uint32_t k = 10;
  std::optional<std::uint32_t> nprobe;
  std::optional<std::uint32_t> ef;
  std::optional<index::Filter> filter;
  bool exact = false;
  bool with_metadata = true;
  bool with_values = false;
};

Result<std::vector<float>> parse_query(const Json& json, const std::string& place) {
  if (!json.as_array())
    return fail_at(
        place,
        ErrorCode::kInvalidVector,
        "{} must be an array of numbers, not {}",
        place,
        json.type_name()
    );
  std::vector<float> query;
  query.reserve(json.as_array()->size());
  for (const auto& item : *json.as_array()) {
    const auto number = item.as_double();
    const auto narrowed = static_cast<float>(number.value_or(0));
    if (!number || !std::isfinite(narrowed)) {
      const std::string member = fmt::format("{}[{}]", place, query.size());
      return fail_at(member, ErrorCode::kInvalidVector, "{} is not a finite 32-bit number", member);
    }
    query.push_back(narrowed);
  }
  return query;
}

Result<std::uint32_t> parse_count(
    const Json& body, const char* key, std::uint32_t min, std::uint32_t max, std::uint32_t otherwise
) {
  const auto* value = body.find(key);
  if (!value) return otherwise;
  const auto number = value->as_int();
  if (!number || *number < min || *number > max) {
    std::string shown;
    base::JsonWriter(shown).value(*value);
    return fail_at(
        key,
        ErrorCode::kInvalidValue,
        "{} is {}, it must be a whole number from {} to {}",
        key,
        shown.substr(0, 40),
        min,
        max
    );
  }
  return static_cast<std::uint32_t>(*number);
}

/// include: {"metadata":false,"values":true}, or a list of what is wanted.
Result<void> parse_include(const Json& include, SearchBody& search) {
  if (const auto* names = include.as_array()) {
    search.with_metadata = search.with_values = false;
    for (const auto& name : *names) {
      const auto* text = name.as_string();
      if (text && *text == "metadata")
        search.with_metadata = true;
      else if (text && *text == "values")
        search.with_values = true;
      else
        return fail_at(
            "include", ErrorCode::kInvalidValue, "include has metadata and values, nothing else"
        );
    }
    return {};
  }
  if (!include.as_object())
    return fail_at(
        "include",
        ErrorCode::kInvalidValue,
        "include must be an object or an array, not {}",
        include.type_name()
    );
  for (const auto& [name, flag] : *include.as_object()) {
    if (!flag.as_bool() || (name != "metadata" && name != "values"))
      return fail_at(
          "include",
          ErrorCode::kInvalidValue,
          "include has the booleans metadata and values, nothing else"
      );
    (name == "metadata" ? search.with_metadata : search.with_values) = *flag.as_bool();
  }
  return {};
}

Result<SearchBody> parse_search(const Json& body) {
  SearchBody search;
  const auto* vector = body.find("vector");
  const auto* vectors = body.find("vectors");
  if ((vector != nullptr) == (vectors != nullptr))
    return base::fail(ErrorCode::kBadRequest, "give either vector or vectors");
  if (vector) {
    MLG_TRY(query, parse_query(*vector, "vector"));
    search.queries.push_back(std::move(query));
  } else {
    const auto* list = vectors->as_array();
    if (!list || list->empty() || list->size() > kQueriesMax)
      return fail_at(
          "vectors",
          ErrorCode::kInvalidValue,
          "vectors must be an array of 1 to {} queries",
          kQueriesMax
      );
    for (std::size_t i = 0; i < list->size(); ++i) {
      MLG_TRY(query, parse_query((*list)[i], fmt::format("vectors[{}]", i)));
      search.queries.push_back(std::move(query));
    }
  }
  MLG_TRY(k, parse_count(body, "k", 1, index::kSearchKMax, 10));
  search.k = k;
  if (body.find("nprobe")) {
    MLG_TRY(nprobe, parse_count(body, "nprobe", 1, 1'000'000, 1));
    search.nprobe = nprobe;
  }
  if (body.find("ef")) {
    MLG_TRY(ef, parse_count(body, "ef", 1, 1'000'000, 1));
    search.ef = ef;
  }
  if (const auto* filter = body.find("filter"); filter && !filter->is_null()) {
    MLG_TRY(parsed, index::parse_filter(*filter));
    search.filter = std::move(parsed);
  }
  if (const auto* exact = body.find("exact")) {
    if (!exact->as_bool())
      return fail_at("exact", ErrorCode::kInvalidValue, "exact must be true or false");
    search.exact = *exact->as_bool();
  }
  if (const auto* include = body.find("include")) {
    MLG_TRY_VOID(parse_include(*include, search));
  }
  return search;
}

void write_hit(base::JsonWriter& out, const index::Hit& hit, const SearchBody& search) {
  out.object([&] {
    out.member("id", hit.id);
    if (std::abs(hit.distance) <= std::numeric_limits<float>::max())
      out.member("distance", static_cast<float>(hit.distance));
    else
      out.member("distance", hit.distance);  // beyond 32 bits, never infinite
    if (search.with_metadata) {
      out.key("metadata");
      out.raw(hit.metadata.empty() ? "{}" : hit.metadata);
    }
    if (search.with_values) {
      out.key("values");
      out.array([&] {
        for (const float value : hit.values) out.value(value);
      });
    }
  });
}

/// The engine knows one query; of several, the error says which.
void name_query(base::Error& error, std::size_t query) {
  if (!error.member.starts_with("vector")) return;
  error.member = fmt::format("vectors[{}]", query);
  error.message = error.member + ": " + error.message;
}

Result<std::string> search(
    ApiServices& services,
    const HttpRequest& request,
    base::SteadyTime began,
    std::uint64_t& scanned,
    std::size_t& queries
) {
  MLG_TRY(body, json_body(request, kNumbers));
  MLG_TRY(wanted, parse_search(body));
  std::vector<index::SearchAnswer> answers;
  for (const auto& query : wanted.queries) {
    index::SearchRequest one;
    one.query = query;
    one.k = wanted.k;
    one.nprobe = wanted.nprobe;
    one.ef = wanted.ef;
    one.filter = wanted.filter ? &*wanted.filter : nullptr;
    one.exact = wanted.exact;
    one.with_metadata = wanted.with_metadata;
    one.with_values = wanted.with_values;
    auto answer = services.engine.search(request.param("id"), one);
    if (!answer) {
      if (body.find("vectors")) name_query(answer.error(), answers.size());
      return tl::unexpected(answer.error());
    }
    scanned += answer->scanned;
    answers.push_back(std::move(*answer));
  }
  queries = answers.size();
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.key("results");
    out.array([&] {
      for (const auto& answer : answers)
        out.array([&] {
          for (const auto& hit : answer.hits) write_hit(out, hit, wanted);
        });
    });
    const auto took =
        std::chrono::duration<double, std::milli>(services.clock.steady_now() - began).count();
    out.member("took_ms", std::round(took * 1000) / 1000);
    out.member("visited", scanned);
  });
  return text;
}

}  // namespace

void add_search_route(Router& router, ApiServices& services) {
  router.add(
      {"POST",
       "/api/v1/indices/{id}/search",
       Access::kSearch,
       false,
       true,
       std::size_t{64} << 20,
       answering([&](HttpRequest& request) -> Result<HttpResponse> {
         const auto began = services.clock.steady_now();
         std::uint64_t scanned = 0;
         std::size_t queries = 0;
         auto answer = search(services, request, began, scanned, queries);
         if (!answer && answer.error().code == ErrorCode::kNotFound)
           return tl::unexpected(answer.error());
         // One measurement serves metrics.system, metrics.search, REST and /metrics.
         const auto now = services.clock.steady_now();
         const auto counts = services.metrics.index(request.param("id"));
         if (!answer) {
           services.metrics.search_errors.add(now);
           counts->search_errors.add(now);
           counts->errors_total.fetch_add(1, std::memory_order_relaxed);
           return tl::unexpected(answer.error());
         }
         services.metrics.search_latency.record(now - began);
         services.metrics.searches.add(now, queries);
         counts->search_latency.record(now - began);
         counts->searches.add(now, queries);
         counts->searches_total.fetch_add(queries, std::memory_order_relaxed);
         counts->vectors_scanned.add(now, scanned);
         return json_response(200, std::move(*answer));
       })}
  );
}

}  // namespace mlgraph::gateway
