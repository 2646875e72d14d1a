#pragma once
// A WebSocket connection after its upgrade: RFC 6455 and nothing of MLGraph. ws_echo and mlgraphd
// share it.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/live.h"
#include "hub/hub.h"

namespace mlgraph::gateway {

/// What a connection's user is told; all calls on the loop.
class WebSocketUser {
 public:
  virtual ~WebSocketUser() = default;
  virtual void on_text(std::string_view message) = 0;  ///< valid UTF-8, within the limit
  virtual void on_binary(std::string_view message) = 0;
  /// A ping or pong arrived: to be counted against the request budget. (The pong is sent by the
  /// connection.)
  virtual void on_control() = 0;
  /// About once a second: expiry of tokens, deadlines of authentication.
  virtual void on_tick(base::SteadyTime now) = 0;
  /// The connection has ended; `code` is what was sent or received (1006: cut). Last call.
  virtual void on_closed(int code) = 0;
};

/// They may change while connections live.
struct WebSocketLimits {
  base::Live<std::size_t> message_max = 64 * 1024;
  base::Live<std::size_t> fragments_max = 64;
  /// From a message's first byte to its last: 1008.
  base::Live<std::chrono::seconds> message_time = std::chrono::seconds(10);
  base::Live<std::chrono::seconds> ping_after = std::chrono::seconds(25);  ///< of silence
  /// Without any traffic: 4105.
  base::Live<std::chrono::seconds> drop_after = std::chrono::seconds(60);
  base::Live<std::size_t> queue_bytes_max = 256 * 1024;
  base::Live<std::size_t> patterns_max = 128;
  base::Live<bool> deflate = false;  ///< permessage-deflate is negotiated with whoever offers it
};

/// What the upgrade request said.
struct UpgradeInfo {
  std::string path;                  ///< "/ws", "/ws/events"
  std::optional<std::string> token;  ///< from the Bearer subprotocol, Authorization or x-api-key
  std::string remote;                ///< client address without port
  std::string session;               ///< id made for this connection
  bool deflate = false;              ///< permessage-deflate was negotiated
};

/// One upgraded connection. Everything sent goes through its slot in the loop's feed, so that
/// answers, events and control frames keep their order and never interleave inside a frame. Threads
/// confined to its loop.  Lifetime  owned by its loop until on_closed.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  [[nodiscard]] virtual hub::LoopFeed& feed() = 0;
  [[nodiscard]] virtual hub::SlotId slot() const = 0;
  /// Queues a text message (an answer).
  virtual void send_text(std::string_view message) = 0;
  virtual void send_binary(std::string_view message) = 0;
  virtual void set_message_max(std::size_t bytes) = 0;  ///< 4 KiB before auth, the limit after
  /// Sends what is queued, then a close frame; the socket is reset if the peer takes nothing for 1
  /// s.
  virtual void close(int code, std::string_view reason) = 0;
  [[nodiscard]] virtual const UpgradeInfo& upgrade() const = 0;
  /// Runs `step` on this connection's loop if it still lives and is not closing then. Callable from
  /// any thread via the returned function.
  [[nodiscard]] virtual std::function<void(std::function<void(WebSocket&)>)> poster() = 0;
};

/// Makes the user of a new connection.
using WebSocketAccept = std::function<std::unique_ptr<WebSocketUser>(WebSocket&)>;

}  // namespace mlgraph::gateway
