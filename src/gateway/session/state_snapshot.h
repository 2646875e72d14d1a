#pragma once
#include <memory>
#include <string>
#include <vector>

#include "hub/hub.h"
#include "model/fold.h"
#include "protocol/channel.h"

namespace mlgraph::gateway {

/// What a state shows: objects that some channel of `patterns` (empty: all) and the scopes cover,
/// exact at one id. Threads: a value over immutable objects.
struct StateView {
  std::shared_ptr<const model::Fold> fold;
  std::string epoch;
  std::vector<hub::FramePtr> metrics;
  protocol::Scopes scopes;
  std::vector<protocol::Pattern> patterns;
  bool nothing = false;  ///< an empty state, whatever the rest
};

/// {"indices":[…],"jobs":[…],"alerts":[…],"metrics":[…],"part":0,"last":true}: the data, whole.
[[nodiscard]] std::string whole_state(const StateView& view);

/// The same as `state` messages of at most 64 KiB (more only for one larger object), made as they
/// are asked for, each under the scopes of its moment instead of the view's. `ref` is raw JSON, or
/// empty.
[[nodiscard]] hub::PartSource state_parts(StateView view, base::Timestamp now, std::string ref);

}  // namespace mlgraph::gateway
