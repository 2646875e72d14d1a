#include "cli/stream_notes.h"

#include <fmt/format.h>

#include "cli/json_view.h"
#include "cli/output.h"

namespace mlgraph::cli {
namespace {

std::string describe(const client::StreamStatus& status) {
  using Kind = client::StreamStatus::Kind;
  switch (status.kind) {
    case Kind::kConnected:
      return "connected";
    case Kind::kDisconnected:
      return fmt::format(
          "disconnected ({}), again in {} ms", safe(status.reason), status.retry_in.count()
      );
    case Kind::kGap:
      return fmt::format(
          "events after {} may be missing: the server no longer has them", safe(status.reason)
      );
    case Kind::kNarrowed:
      return fmt::format("some channels are no longer covered: {}", safe(status.reason));
  }
  return {};
}

}  // namespace

void note_status(const Context& context, const client::StreamStatus& status) {
  note(context.terminal.paint(Color::kDim, "-- " + describe(status)));
}

}  // namespace mlgraph::cli
