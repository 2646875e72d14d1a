#include "app/settings_valid.h"

#include "app/config.h"
#include "base/log.h"
#include "gateway/auth/authority.h"
#include "gateway/auth/origin.h"
#include "model/names.h"

namespace mlgraph::app {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<void> valid_listen(const std::string& text) {
  MLG_TRY_VOID(parse_listen(text));
  return {};
}

Result<void> valid_node(const std::string& text) { return model::check_entity_name("name", text); }

Result<void> valid_data_dir(const std::string& text) {
  if (text.empty()) return fail(ErrorCode::kInvalidValue, "'' names no folder");
  return {};
}

Result<void> valid_origin(const std::string& text) {
  if (text == "*" || text == "null" || gateway::is_origin(text)) return {};
  return fail(
      ErrorCode::kInvalidValue,
      "'{}' is none of http[s]://HOST[:PORT], \"null\", \"*\"",
      model::printable(text)
  );
}

Result<void> valid_host(const std::string& text) {
  if (gateway::parse_authority(text)) return {};
  return fail(ErrorCode::kInvalidValue, "'{}' is not HOST[:PORT]", model::printable(text));
}

Result<void> valid_log_level(const std::string& text) {
  base::LogLevel level{};
  if (base::parse_log_level(text, level)) return {};
  return fail(
      ErrorCode::kInvalidValue, "'{}' is none of debug, info, warn, error", model::printable(text)
  );
}

}  // namespace mlgraph::app
