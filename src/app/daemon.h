#pragma once
#include "app/config.h"
#include "app/signals.h"

namespace mlgraph::app {

/// The life of the daemon: start, signals, stop. Prints the first line on standard output once the
/// port is open. A start that is asked to stop ends as soon as it can; what cannot be interrupted
/// (a database that opens, shards that load) is cut after a few seconds, which harms nothing that
/// was acknowledged.
/// returns   the exit code: 0 after a stop, 1 with a sentence on standard error when the start
/// failed.
[[nodiscard]] int run(const Config& config, Signals& signals);

}  // namespace mlgraph::app
