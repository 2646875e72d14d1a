#pragma once
// Included by this module's .cc files and tests only: one WebSocket connection to a server.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "client/ending.h"
#include "client/url.h"

namespace mlgraph::client {

struct LinkOptions {
  std::function<void()> on_open;
  std::function<bool(std::string_view)> on_text;  ///< false: end this connection
  std::function<void()> on_heartbeat;             ///< say something that is answered
  std::chrono::milliseconds heartbeat{30'000};
};

/// A connection, from looking its server up to its end.
///
/// A heartbeat is sent each `heartbeat`; when a whole one has passed and nothing at all has come
/// since it was sent, the peer is dead and the connection is cut. A process that itself was asleep
/// judges nobody by that time: it asks once more.
/// Threads   confined to the context it was made with.
/// Lifetime  shared: its pending operations hold it.
class Link {
 public:
  virtual ~Link() = default;
  /// Once a link. Never throws for what a server or network does: that is in the Ending.
  [[nodiscard]] virtual boost::asio::awaitable<Ending> live() = 0;
  /// Queues one text message; dropped when the connection is not open.
  virtual void say(std::string text) = 0;
  /// Says goodbye and, when that takes longer than a second, cuts.
  virtual void end() = 0;
};

/// tls  the trust to use, outliving the link; nullptr: plain
[[nodiscard]] std::shared_ptr<Link> make_link(
    boost::asio::io_context& io,
    boost::asio::ssl::context* tls,
    const Connection& to,
    LinkOptions options
);

}  // namespace mlgraph::client
