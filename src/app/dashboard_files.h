#pragma once
// What dashboard/ is built to, compiled in (cmake/Dashboard.cmake).
#include <span>

#include "gateway/api/static_file.h"

namespace mlgraph::app {
[[nodiscard]] std::span<const gateway::StaticFile> dashboard_files();
}  // namespace mlgraph::app
