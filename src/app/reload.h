#pragma once
#include <string>
#include <vector>

#include "app/settings.h"

namespace mlgraph::app {

/// What lies between the running settings and those that SIGHUP found.
struct Changes {
  std::vector<std::string> live;     ///< keys that are taken over at once
  std::vector<std::string> restart;  ///< keys that the next start takes over
  Config next;                       ///< what runs behind the reload
};
[[nodiscard]] Changes changes(const Config& running, const Config& wanted);

}  // namespace mlgraph::app
