#pragma once
// What a client must keep to lose nothing across connections.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mlgraph::client {

/// Where a subscription stands: its channels, the id to resume after, and whether a state is owed.
/// Each message that the user has taken moves it; each new connection begins with its request.
///
/// A state is owed from the moment it is asked for until its last part has come. Its id is the
/// position only then: were the connection cut between two parts, a resume from that id would be
/// recovered, and the rest of the state never sent.
/// Threads  a plain value.
class ResumePoint {
 public:
  /// since  empty: from now on
  /// state  the state first, and again wherever events were missed
  ResumePoint(std::vector<std::string> channels, std::string since, bool state);

  /// The first request of a connection. Its answer is awaited by take().
  [[nodiscard]] std::string subscribe_request();
  [[nodiscard]] static std::string sync_request();
  /// The heartbeat: its pong carries the newest id this session is past, so that a quiet
  /// subscription's position does not grow old until the log forgets it.
  [[nodiscard]] static std::string ping_request();

  /// What a message asks for, beyond being shown.
  struct News {
    bool subscribed = false;    ///< the connection has proved good
    bool ask_state = false;     ///< send sync_request()
    bool ask_position = false;  ///< send ping_request()
    /// Events after this id may be missing: it is past retention, or of another epoch.
    std::optional<std::string> gap_after;
    std::optional<std::string> narrowed;  ///< channels were taken away, and why
    std::optional<base::Error> refused;   ///< nothing more will come on this connection
  };
  /// To be called once the message has been shown: what is lost before that is sent again.
  News take(std::string_view type, const base::Json& message);

  /// The id to resume after; empty before the first.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool owes_state() const { return state_owed_; }
  [[nodiscard]] const std::vector<std::string>& channels() const { return channels_; }

 private:
  News on_subscribed(const base::Json& data);
  News on_error(const base::Json& message);
  News on_unsubscribed(const base::Json& data);
  void move_to(const base::Json* id);

  std::vector<std::string> channels_;
  std::string id_;
  std::string asked_since_;  // of the connection's subscribe
  bool wants_state_;
  bool state_owed_;
};

}  // namespace mlgraph::client
