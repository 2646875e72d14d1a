#pragma once
// What happens on the server: commands that create, change and end indices, jobs and alerts.
#include "sim/ground.h"
#include "store/committer.h"

namespace mlgraph::sim {

/// A command of random kind. Decided when the committer gets to it, on the state it finds then;
/// some refuse, some log nothing, some log several events.
[[nodiscard]] store::Command random_command(Random& random, bool large_alerts);

}  // namespace mlgraph::sim
