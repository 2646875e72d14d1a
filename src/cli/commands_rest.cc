// Commands that are one REST call and a table.
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/event_line.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

using base::Json;

const std::string kApi = "/api/v1";

std::string path(std::initializer_list<std::string_view> parts) {
  std::string out = kApi;
  for (const auto part : parts) out += "/" + client::encode_component(part);
  return out;
}

void print_json(const Json& json) {
  std::string text;
  base::JsonWriter(text).value(json);
  fmt::print("{}\n", text);
}

const Json::Array& items_of(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const auto* list = object.find(key);
  return list && list->as_array() ? *list->as_array() : kNone;
}

int call(
    const Context& context,
    std::string_view method,
    const std::string& target,
    const std::string& body,
    const std::string& done
) {
  const client::HttpClient http(context.connection);
  const auto answer = http.json(method, target, body);
  if (!answer) return report(answer.error());
  if (context.json && !answer->is_null())
    print_json(*answer);
  else
    fmt::print("{}\n", done);
  return kOk;
}

void show_index_table(const Context&, const Json& answer) {
  fmt::print(
      "{:<28} {:>6} {:<7} {:>12} {:>9} {:>10}  {}\n",
      "INDEX",
      "DIM",
      "METRIC",
      "VECTORS",
      "DELETED",
      "BYTES",
      "SHARDS"
  );
  for (const auto& index : items_of(answer, "indices")) {
    std::string shards;
    for (const auto& shard : items_of(index, "shards"))
      shards +=
          (shards.empty() ? "" : " ") + text_of(shard, "tier") + "/" + text_of(shard, "state");
    fmt::print(
        "{:<28} {:>6} {:<7} {:>12} {:>9} {:>10}  {}\n",
        text_of(index, "index_id"),
        number_of(index, "dimension"),
        text_of(index, "metric_type"),
        with_commas(static_cast<std::uint64_t>(number_of(index, "vectors"))),
        with_commas(static_cast<std::uint64_t>(number_of(index, "deleted"))),
        human_bytes(number_of(index, "bytes")),
        shards
    );
  }
}

void show_job_table(const Context&, const Json& answer) {
  fmt::print("{:<24} {:<8} {:<20} {:<10} {}\n", "JOB", "TYPE", "INDEX", "STATE", "PROGRESS");
  for (const auto& job : items_of(answer, "jobs"))
    fmt::print(
        "{:<24} {:<8} {:<20} {:<10} {}\n",
        text_of(job, "jobId"),
        text_of(job, "jobType"),
        text_of(job, "index"),
        text_of(job, "state"),
        progress_bar(job, 12)
    );
}

void show_alert_table(const Context& context, const Json& answer) {
  if (items_of(answer, "alerts").empty()) fmt::print("no open alerts\n");
  for (const auto& alert : items_of(answer, "alerts"))
    fmt::print(
        "{}  {}  {}: {}\n",
        text_of(alert, "alertId"),
        context.terminal.paint(
            text_of(alert, "severity") == "error" ? Color::kRed : Color::kYellow,
            text_of(alert, "severity")
        ),
        text_of(alert, "title"),
        text_of(alert, "message")
    );
}

void show_token_table(const Context&, const Json& answer) {
  fmt::print("{:<20} {:<26} {:>10}  {}\n", "TOKEN", "EXPIRES", "PER MINUTE", "SCOPES");
  for (const auto& token : items_of(answer, "tokens")) {
    std::string scopes;
    for (const auto& scope : items_of(token, "scopes"))
      if (scope.as_string()) scopes += (scopes.empty() ? "" : " ") + safe(*scope.as_string());
    const auto* limit = token.find("rate_limit_per_minute");
    fmt::print(
        "{:<20} {:<26} {:>10}  {}\n",
        text_of(token, "name"),
        text_of(token, "expires_at", "never"),
        limit && limit->as_uint() ? std::to_string(*limit->as_uint()) : "no limit",
        scopes
    );
  }
}

}  // namespace

int report(const base::Error& error) {
  note("mlgraph: " + safe(error.message));
  switch (error.code) {
    case base::ErrorCode::kUnauthorized:
    case base::ErrorCode::kTokenExpired:
    case base::ErrorCode::kForbidden:
      return kNotAllowed;
    case base::ErrorCode::kInternal:
      return kUnreachable;
    case base::ErrorCode::kInvalidValue:
      return kUsage;
    default:
      return kServerError;
  }
}

int show_json(
    const Context& context, const std::string& target, void (*show)(const Context&, const Json&)
) {
  const auto answer = client::HttpClient(context.connection).json("GET", target);
  if (!answer) return report(answer.error());
  context.json ? print_json(*answer) : show(context, *answer);
  return kOk;
}

int create_index(const Context& context, const CreateIndex& what) {
  std::string body;
  base::JsonWriter out(body);
  out.object([&] {
    out.member("index_id", what.name);
    out.member("dimension", what.dimension);
    out.member("metric_type", what.metric);
    out.member("num_shards", what.shards);
    if (what.ivf_threshold) {
      out.key("tiering");
      out.object([&] { out.member("idmap_to_ivf", *what.ivf_threshold); });
    }
  });
  return call(context, "POST", path({"indices"}), body, fmt::format("created {}", what.name));
}

int list_indices(const Context& context) {
  return show_json(context, path({"indices"}), show_index_table);
}

int show_index(const Context& context, const std::string& name) {
  return show_json(context, path({"indices", name}), [](const Context&, const Json& index) {
    print_json(index);
  });
}

int delete_index(const Context& context, const std::string& name) {
  return call(context, "DELETE", path({"indices", name}), {}, fmt::format("deleted {}", name));
}

int train_index(const Context& context, const std::string& name) {
  return call(
      context,
      "POST",
      path({"indices", name, "train"}),
      "{}",
      fmt::format("training {} begun", name)
  );
}

namespace {

/// The job once it has ended; asked again while the server answers with one that runs.
base::Result<Json> ended_job(const client::HttpClient& http, const std::string& id) {
  for (;;) {
    MLG_TRY(job, http.json("GET", path({"jobs", id}) + "?wait_for=completed&timeout_s=60"));
    const std::string state = text_of(job, "state");
    if (state == "completed" || state == "failed") return job;
  }
}

/// Downloads into FILE.part, which becomes FILE once it is whole.
base::Result<void> download(
    const client::HttpClient& http, const std::string& target, const std::string& file
) {
  const std::string part = file + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  if (!out) return base::fail(base::ErrorCode::kInvalidValue, "cannot write {}", part);
  auto answer = http.download(target, [&](std::string_view piece) {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    return out.good();
  });
  out.close();
  base::Result<void> outcome;
  if (!answer)
    outcome = tl::unexpected(answer.error());
  else if (answer->status != 200)
    outcome = client::json_of(*answer).map([](const Json&) {});
  else if (!out || std::rename(part.c_str(), file.c_str()) != 0)
    outcome = base::fail(base::ErrorCode::kInvalidValue, "cannot write {}", file);
  if (!outcome) std::remove(part.c_str());
  return outcome;
}

}  // namespace

int export_index(const Context& context, const ExportIndex& what) {
  std::string body;
  base::JsonWriter out(body);
  out.object([&] {
    out.member("format", what.format);
    out.member("compression", what.gzip ? "gzip" : what.zstd ? "zstd" : "none");
  });
  const client::HttpClient http(context.connection);
  const auto begun = http.json("POST", path({"indices", what.name, "export"}), body);
  if (!begun) return report(begun.error());
  const auto job = ended_job(http, text_of(*begun, "jobId"));
  if (!job) return report(job.error());
  if (text_of(*job, "state") == "failed") {
    const auto* error = job->find("error");
    return report({base::ErrorCode::kConflict, error ? text_of(*error, "message") : "", {}, {}});
  }
  if (const auto got = download(http, path({"jobs", text_of(*job, "jobId"), "result"}), what.file);
      !got)
    return report(got.error());
  if (context.json)
    print_json(*job);
  else
    fmt::print(
        "exported {} vectors to {}\n",
        with_commas(static_cast<std::uint64_t>(number_of(*job, "processed"))),
        what.file
    );
  return kOk;
}

int search(const Context& context, const Search& what) {
  const client::HttpClient http(context.connection);
  std::string vector = what.vector;
  if (!what.like.empty()) {
    const auto stored = http.json("GET", path({"indices", what.index, "vectors", what.like}));
    if (!stored) return report(stored.error());
    const auto* values = stored->find("values");
    if (!values)
      return report({base::ErrorCode::kNotFound, "the stored vector has no values", {}, {}});
    vector.clear();
    base::JsonWriter(vector).value(*values);
  }
  std::string body;
  base::JsonWriter out(body);
  out.object([&] {
    out.key("vector");
    out.raw(vector);
    out.member("k", what.k);
    if (!what.filter.empty()) {
      out.key("filter");
      out.raw(what.filter);
    }
  });
  const auto answer = http.json("POST", path({"indices", what.index, "search"}), body);
  if (!answer) return report(answer.error());
  if (context.json) {
    print_json(*answer);
    return kOk;
  }
  for (const auto& hits : items_of(*answer, "results"))
    if (hits.as_array())
      for (const auto& hit : *hits.as_array()) {
        std::string metadata;
        if (const auto* found = hit.find("metadata"); found && !found->is_null())
          base::JsonWriter(metadata).value(*found);
        if (metadata.size() > 120) metadata = metadata.substr(0, 117) + "…";
        fmt::print(
            "{:>10.5f}  {:<24} {}\n", number_of(hit, "distance"), text_of(hit, "id"), metadata
        );
      }
  fmt::print(
      "{}\n",
      context.terminal.paint(Color::kDim, fmt::format("{:.2f} ms", number_of(*answer, "took_ms")))
  );
  return kOk;
}

int list_jobs(const Context& context, const std::string& index, const std::string& state) {
  std::string target = path({"jobs"}) + "?";
  if (!index.empty()) target += "index=" + client::encode_component(index) + "&";
  if (!state.empty()) target += "state=" + client::encode_component(state);
  return show_json(context, target, show_job_table);
}

int cancel_job(const Context& context, const std::string& id) {
  return call(
      context, "POST", path({"jobs", id, "cancel"}), "{}", fmt::format("{} is asked to stop", id)
  );
}

int list_alerts(const Context& context) {
  return show_json(context, path({"alerts"}), show_alert_table);
}

int acknowledge_alert(const Context& context, const std::string& id) {
  return call(
      context, "POST", path({"alerts", id, "ack"}), "{}", fmt::format("acknowledged {}", id)
  );
}

int create_token(const Context& context, const CreateToken& what) {
  std::string body;
  base::JsonWriter out(body);
  out.object([&] {
    out.member("name", what.name);
    out.key("scopes");
    out.array([&] {
      for (const auto& scope : what.scopes) out.value(scope);
    });
    if (what.expires_in_seconds) out.member("expires_in_seconds", *what.expires_in_seconds);
    if (what.rate_limit_per_minute)
      out.member("rate_limit_per_minute", *what.rate_limit_per_minute);
  });
  const auto answer = client::HttpClient(context.connection).json("POST", path({"tokens"}), body);
  if (!answer) return report(answer.error());
  if (context.json)
    print_json(*answer);
  else
    fmt::print("{}\n", text_of(*answer, "token"));
  return kOk;
}

int list_tokens(const Context& context) {
  return show_json(context, path({"tokens"}), show_token_table);
}

int revoke_token(const Context& context, const std::string& name) {
  return call(context, "DELETE", path({"tokens", name}), {}, fmt::format("revoked {}", name));
}

}  // namespace mlgraph::cli
