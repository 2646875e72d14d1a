#pragma once
// A subscription that survives: reconnects by the page's rules and resumes where it was.
#include <atomic>
#include <chrono>
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
  std::optional<std::string> since;  ///< resume after this id
  bool state = false;  ///< ask for the state first, and whenever a resume is impossible
  bool reconnect = true;
  std::uint64_t seed = 0;  ///< of the jitter; 0: from the clock
};

/// What happened to the connection, for whoever shows it.
struct StreamStatus {
  enum class Kind { kConnected, kDisconnected, kGaveUp } kind;
  std::string reason;
  std::chrono::milliseconds retry_in{0};
};

/// Threads   run() blocks its caller; stop() from anywhere.
/// Promise   each durable event once and in order across reconnects and server restarts, while its
/// id is retained.
class EventStream {
 public:
  EventStream(Connection connection, StreamOptions options);
  ~EventStream();
  /// Calls back for every message until stop(), a callback returning false, or a terminal close
  /// (4000–4099), which is an error: kUnauthorized, kForbidden or kBadRequest.
  base::Result<void> run(
      const std::function<bool(const StreamMessage&)>& on_message,
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
