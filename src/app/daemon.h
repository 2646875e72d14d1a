#pragma once
#include "app/notify.h"
#include "app/signals.h"
#include "app/sources.h"

namespace mlgraph::app {

/// The life of the daemon: start, signals, stop. Prints the first line on standard output once the
/// port is open. A start that is asked to stop ends as soon as it can; what cannot be interrupted
/// (a database that opens, shards that load) is cut after a few seconds, which harms nothing that
/// was acknowledged.
/// loaded    without problems; SIGHUP reads `sources` again.
/// notify    told of each step.
/// returns   the exit code: 0 after a stop, 1 with a sentence on standard error when the start
/// failed.
[[nodiscard]] int run(
    const Loaded& loaded, const Sources& sources, Signals& signals, const Notify& notify
);

}  // namespace mlgraph::app
