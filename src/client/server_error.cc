#include "client/server_error.h"

#include "protocol/error_table.h"

namespace mlgraph::client {
namespace {

std::string text_of(const base::Json& data, std::string_view key) {
  const auto* value = data.find(key);
  return value && value->as_string() ? *value->as_string() : std::string();
}

base::ErrorCode code_named(std::string_view name) {
  for (const auto& row : protocol::error_table())
    if (row.name == name) return row.code;
  return base::ErrorCode::kInternal;
}

}  // namespace

base::Error error_in(const base::Json& data) {
  base::Error error{code_named(text_of(data, "code")), text_of(data, "message"), {}, {}};
  if (const auto* ms = data.find("retry_after_ms")) error.retry_after_ms = ms->as_int();
  return error;
}

}  // namespace mlgraph::client
