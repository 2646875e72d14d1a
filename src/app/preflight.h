#pragma once
#include <string>
#include <vector>

#include "app/sources.h"

namespace mlgraph::app {

/// What can be known without starting: TLS files that are readable, belong together and have not
/// expired; a data directory that can be written and whose format this server reads. Changes
/// nothing, and does not mind a server that runs on the same directory.
/// returns  sentences as of Loaded::problems.
[[nodiscard]] std::vector<std::string> preflight(const Loaded& loaded);

}  // namespace mlgraph::app
