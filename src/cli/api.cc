#include "cli/api.h"

#include "cli/json_view.h"
#include "cli/output.h"
#include "client/trust.h"

namespace mlgraph::cli {
namespace {

using base::ErrorCode;
using base::Json;

std::string_view remedy_of(const base::Error& error) {
  switch (error.code) {
    case ErrorCode::kUnauthorized:
    case ErrorCode::kTokenExpired:
      return "  a token comes from --token-file FILE, MLGRAPH_TOKEN, or a context (mlgraph context "
             "add)";
    case ErrorCode::kInternal:
      if (client::is_untrusted(error)) return "  --ca FILE trusts certificates of your own";
      return "  is a server there? 'mlgraphd --data-dir DIR --listen HOST:PORT' starts one;\n"
             "  --server URL, MLGRAPH_URL or 'mlgraph context use NAME' say where it is";
    case ErrorCode::kInterrupted:
      return "  'mlgraph doctor' looks closer";
    case ErrorCode::kTimeout:
      return "  --timeout SECONDS waits longer; 'mlgraph doctor' looks closer";
    default:
      return {};
  }
}

}  // namespace

std::string api_path(std::initializer_list<std::string_view> parts) {
  std::string out = "/api/v1";
  for (const auto part : parts) out += "/" + client::encode_component(part);
  return out;
}

std::string json_object(const std::function<void(base::JsonWriter&)>& members) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] { members(out); });
  return text;
}

int report(const base::Error& error) {
  note("mlgraph: " + safe(error.message));
  if (const auto remedy = remedy_of(error); !remedy.empty()) note(remedy);
  return exit_of(error);
}

int emit(std::string_view text) {
  Output out;
  if (out.put(text) || out.reader_gone()) return kOk;
  note("mlgraph: cannot write to standard output: " + out.failure());
  return kRefused;
}

int show_answer(const Context& context, const base::Result<Json>& answer, const Shower& show) {
  if (!answer) return report(answer.error());
  return emit(context.json ? json_text(*answer) + "\n" : show(context, *answer));
}

int get_and_show(const Context& context, const std::string& target, const Shower& show) {
  return show_answer(context, context.http().json("GET", target), show);
}

int call_and_tell(
    const Context& context,
    std::string_view method,
    const std::string& target,
    const std::string& body,
    const std::string& done
) {
  const auto answer = context.http().json(method, target, body);
  if (!answer) return report(answer.error());
  const bool has_json = context.json && !answer->is_null();
  return emit(has_json ? json_text(*answer) + "\n" : done + "\n");
}

}  // namespace mlgraph::cli
