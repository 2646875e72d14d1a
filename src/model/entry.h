#pragma once
// One record of the ordered log: the event that clients see, and what only the server needs to redo
// it.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/event_kind.h"

namespace mlgraph::model {

/// Immutable once committed.
struct Entry {
  std::uint64_t seq = 0;
  base::Timestamp timestamp;
  EventKind kind = EventKind::kJobStarted;
  std::string entity;        ///< the X of channel F.X.E: index, job id, alert id, node
  std::string index;         ///< the index it names, for `read:` scopes; empty: none
  std::string public_json;   ///< the whole message: {"type","timestamp","data","id"}
  std::string private_json;  ///< an object for the server alone, e.g. {"number":7}; may be empty
};

/// What a command asks to be logged; the committer adds seq and timestamp and encodes the message.
struct Draft {
  EventKind kind = EventKind::kJobStarted;
  std::string entity;
  std::string index;
  std::string data_json;  ///< the event's `data`
  std::string private_json;
};

/// {"type":…,"timestamp":…,"data":…[,"id":"<epoch>-<seq>"]}; `id` empty for metrics.
[[nodiscard]] std::string encode_event(
    EventKind kind, base::Timestamp at, std::string_view data_json, std::string_view id
);

/// The `data` part of a message made by encode_event, without parsing it.
[[nodiscard]] std::string_view data_of(const Entry& entry);

}  // namespace mlgraph::model
