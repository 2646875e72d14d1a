#pragma once
// Settings as the parts want them.
#include "app/config.h"
#include "gateway/net/server.h"
#include "gateway/session/services.h"

namespace mlgraph::app {

[[nodiscard]] gateway::SessionLimits session_limits(const Config& config);
[[nodiscard]] gateway::ServerOptions server_options(const Config& config);

}  // namespace mlgraph::app
