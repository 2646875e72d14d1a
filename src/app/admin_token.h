#pragma once
#include <string>

#include "base/error.h"

namespace mlgraph::app {
/// The configured admin token, or the one in `<data_dir>/admin.token`, or a new one written there
/// (0600). Its path is logged, the token never.
[[nodiscard]] base::Result<std::string> admin_token(
    const std::string& configured, const std::string& data_dir
);
}  // namespace mlgraph::app
