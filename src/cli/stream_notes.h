#pragma once
#include "cli/context.h"
#include "client/event_stream.h"

namespace mlgraph::cli {
/// What happened to a subscription, as a line on standard error.
void note_status(const Context& context, const client::StreamStatus& status);
}  // namespace mlgraph::cli
