#pragma once
// A subscription that survives: reconnects by the page's rules and resumes where it was.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "client/url.h"

namespace mlgraph::client {

/// One server message, and what most readers want of it.
struct StreamMessage {
  std::string_view text;   ///< as received
  const base::Json* json;  ///< parsed
  std::string type;        ///< "job.progress", "state", "error", …
};

struct StreamOptions {
  std::vector<std::string> channels{"*"};
  std::optional<std::string> since{};  ///< resume after this id
  bool state = false;                  ///< the state first, and again wherever events were missed
  bool reconnect = true;               ///< false: the first ending is the last
  std::chrono::milliseconds backoff_first{1'000};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::milliseconds heartbeat{30'000};
  /// Asked for the token before each connection and when the server says that it expires; empty:
  /// none at the moment, the last one stands. Unset: the connection's own, for good.
  std::function<std::string()> token{};
  std::uint64_t seed = 0;  ///< of the jitter; 0: from the kernel
};

/// What happened to the subscription, for whoever shows it.
struct StreamStatus {
  enum class Kind {
    kConnected,     ///< subscribed; also after a gap, which is told next
    kDisconnected,  ///< the next attempt comes after retry_in
    kGap,       ///< events after the id in `reason` may be missing: the server no longer has them
    kNarrowed,  ///< the token's scopes no longer cover some of the channels
  } kind;
  std::string reason;
  std::chrono::milliseconds retry_in{0};
  bool unreachable = false;  ///< kDisconnected: nobody answered there at all
};

/// What became of a message.
enum class Take {
  kMore,    ///< taken
  kLast,    ///< taken; the stream ends behind it
  kRefuse,  ///< not taken (nobody reads any more): the stream ends before it
};

/// Promise   each durable event once and in order across reconnects, server restarts and pauses of
///           either side, while its id is retained; what is not is told as a gap and, with `state`,
///           closed by a state. A message counts as shown once it has been taken.
/// Threads   run() blocks its caller and calls back on its thread; stop() and position() from
///           anywhere.
class EventStream {
 public:
  EventStream(Connection connection, StreamOptions options);
  ~EventStream();
  /// Calls back for every message until stop() or the callback's end. Once.
  /// errors  what reconnecting cannot mend: kUnauthorized, kTokenExpired, kForbidden, kBadRequest
  ///         and what else the server says to the subscription; kInvalidValue for a CA file that
  ///         does not load; kInternal for an untrusted certificate, or any end without `reconnect`.
  base::Result<void> run(
      const std::function<Take(const StreamMessage&)>& on_message,
      const std::function<void(const StreamStatus&)>& on_status
  );
  void stop();
  /// The id to resume after; empty before the first.
  [[nodiscard]] std::string position() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::client
