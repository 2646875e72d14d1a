#pragma once
#include "cli/commands.h"

namespace mlgraph::cli {

/// Prints a link that signs a browser in once, for the next minutes.
int dashboard(const Context& context);

}  // namespace mlgraph::cli
