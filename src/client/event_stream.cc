#include "client/event_stream.h"

#include <charconv>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "base/mutex.h"
#include "client/backoff.h"
#include "client/tls.h"

namespace mlgraph::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using PlainSocket = websocket::stream<beast::tcp_stream>;
using TlsSocket = websocket::stream<beast::ssl_stream<beast::tcp_stream>>;

/// How a connection ended: what to do next.
struct Ending {
  int close_code = 1006;
  std::string reason;
  bool was_open = false;
  bool stopped = false;  // by the callback or stop()
};

std::chrono::milliseconds retry_after(std::string_view reason) {
  constexpr std::string_view kKey = "retry_after_ms=";
  const auto at = reason.find(kKey);
  std::int64_t ms = 0;
  if (at != std::string_view::npos)
    std::from_chars(reason.data() + at + kKey.size(), reason.data() + reason.size(), ms);
  return std::chrono::milliseconds(ms);
}

std::string subscribe_request(const StreamOptions& options, const std::string& since) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("type", "subscribe");
    out.key("channels");
    out.array([&] {
      for (const auto& channel : options.channels) out.value(channel);
    });
    if (!since.empty()) out.member("since", since);
    if (options.state) out.member("state", true);
    out.member("ref", "subscribe");
  });
  return text;
}

}  // namespace

class EventStream::Impl {
 public:
  Impl(Connection connection, StreamOptions options)
      : connection_(std::move(connection)),
        options_(std::move(options)),
        backoff_(
            options_.seed ? options_.seed
                          : static_cast<std::uint64_t>(
                                std::chrono::steady_clock::now().time_since_epoch().count()
                            )
        ),
        position_(options_.since.value_or("")) {}

  base::Result<void> run(const auto& on_message, const auto& on_status) {
    for (;;) {
      const Ending ending = connect_once(on_message, on_status);
      if (ending.stopped || stopping_) return {};
      if (ending.close_code >= 4000 && ending.close_code < 4100) return terminal(ending);
      if (!options_.reconnect)
        return base::fail(base::ErrorCode::kInternal, "the connection ended: {}", ending.reason);
      const auto wait = backoff_.next(retry_after(ending.reason));
      on_status(StreamStatus{StreamStatus::Kind::kDisconnected, ending.reason, wait});
      if (!pause(wait)) return {};
    }
  }

  void stop() {
    stopping_ = true;
    asio::post(io_, [this] { io_.stop(); });
  }

  std::string position() const {
    base::MutexLock lock(mutex_);
    return position_;
  }

 private:
  base::Result<void> terminal(const Ending& ending) const {
    const auto code = ending.close_code == 4001   ? base::ErrorCode::kUnauthorized
                      : ending.close_code == 4003 ? base::ErrorCode::kForbidden
                                                  : base::ErrorCode::kBadRequest;
    return base::fail(
        code, "the server closed the connection ({}): {}", ending.close_code, ending.reason
    );
  }

  bool pause(std::chrono::milliseconds wait) {
    io_.restart();
    asio::steady_timer timer(io_, wait);
    timer.async_wait([](error_code) {});
    io_.run();
    return !stopping_;
  }

  Ending connect_once(const auto& on_message, const auto& on_status) {
    Ending ending;
    io_.restart();
    try {
      if (connection_.server.tls) {
        auto context = make_tls_context(connection_);
        TlsSocket socket(io_, context);
        prepare_tls(socket.next_layer(), connection_);
        drive(socket, ending, on_message, on_status);
      } else {
        PlainSocket socket(io_);
        drive(socket, ending, on_message, on_status);
      }
    } catch (const boost::system::system_error& error) {
      ending.reason = error.code().message();
    }
    return ending;
  }

  void drive(auto& socket, Ending& ending, const auto& on_message, const auto& on_status) {
    asio::co_spawn(
        io_,
        converse(socket, ending, on_message, on_status),
        [&ending](const std::exception_ptr& thrown) {
          if (!thrown) return;
          try {
            std::rethrow_exception(thrown);
          } catch (const std::exception& error) {
            ending.reason = error.what();
          }
        }
    );
    io_.run();
  }

  template <typename Socket>
  asio::awaitable<void> converse(
      Socket& socket, Ending& ending, const auto& on_message, const auto& on_status
  ) {
    co_await open(socket);
    ending.was_open = true;
    const std::string hello = R"({"type":"hello","client":"mlgraph"})";
    co_await socket.async_write(asio::buffer(hello), asio::use_awaitable);
    const std::string subscribe = subscribe_request(options_, position());
    co_await socket.async_write(asio::buffer(subscribe), asio::use_awaitable);
    on_status(StreamStatus{StreamStatus::Kind::kConnected, {}, {}});
    beast::flat_buffer buffer;
    for (;;) {
      error_code ec;
      co_await socket.async_read(buffer, asio::redirect_error(asio::use_awaitable, ec));
      if (ec) {
        ending.close_code =
            ec == websocket::error::closed ? static_cast<int>(socket.reason().code) : 1006;
        ending.reason = socket.reason().reason.empty()
                            ? ec.message()
                            : std::string(socket.reason().reason.c_str());
        co_return;
      }
      backoff_.reset();
      const std::string_view text(static_cast<const char*>(buffer.data().data()), buffer.size());
      if (!deliver(text, on_message)) {
        ending.stopped = true;
        co_await socket.async_close(
            websocket::close_code::normal, asio::redirect_error(asio::use_awaitable, ec)
        );
        co_return;
      }
      buffer.consume(buffer.size());
    }
  }

  template <typename Socket>
  asio::awaitable<void> open(Socket& socket) {
    tcp::resolver resolver(io_);
    const auto endpoints = co_await resolver.async_resolve(
        connection_.server.host, connection_.server.port, asio::use_awaitable
    );
    auto& tcp_layer = beast::get_lowest_layer(socket);
    tcp_layer.expires_after(std::chrono::seconds(10));
    co_await tcp_layer.async_connect(endpoints, asio::use_awaitable);
    if constexpr (std::is_same_v<Socket, TlsSocket>)
      co_await socket.next_layer().async_handshake(
          asio::ssl::stream_base::client, asio::use_awaitable
      );
    tcp_layer.expires_never();
    // The page's heartbeat: silence for 30 s is asked about, and a minute of it ends the
    // connection.
    websocket::stream_base::timeout timeout{
        std::chrono::seconds(10), std::chrono::seconds(60), true};
    socket.set_option(timeout);
    socket.read_message_max(16 << 20);
    socket.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      request.set(beast::http::field::user_agent, "mlgraph");
      if (!connection_.token.empty())
        request.set(beast::http::field::sec_websocket_protocol, "Bearer, " + connection_.token);
    }));
    co_await socket.async_handshake(
        connection_.server.host + ":" + connection_.server.port, "/ws", asio::use_awaitable
    );
  }

  bool deliver(std::string_view text, const auto& on_message) {
    const auto json = base::parse_json(text, {.depth_max = 64, .members_max = 1 << 20});
    if (!json) return true;  // not ours to judge; the server's own tests see to its JSON
    StreamMessage message{text, &*json, {}};
    if (const auto* type = json->find("type"); type && type->as_string())
      message.type = *type->as_string();
    const bool more = on_message(message);
    remember(message);
    return more;
  }

  // After the callback: a crash in between shows an event again rather than losing it.
  void remember(const StreamMessage& message) {
    const auto* id = message.json->find("id");
    if (message.type == "subscribed") {
      const auto* data = message.json->find("data");
      id = data ? data->find("id") : nullptr;
    }
    if (!id || !id->as_string()) return;
    base::MutexLock lock(mutex_);
    position_ = *id->as_string();
  }

  const Connection connection_;
  const StreamOptions options_;
  Backoff backoff_;
  asio::io_context io_{1};
  std::atomic<bool> stopping_{false};
  mutable base::Mutex mutex_;
  std::string position_ MLG_GUARDED_BY(mutex_);
};

EventStream::EventStream(Connection connection, StreamOptions options)
    : impl_(std::make_unique<Impl>(std::move(connection), std::move(options))) {}
EventStream::~EventStream() = default;

base::Result<void> EventStream::run(
    const std::function<bool(const StreamMessage&)>& on_message,
    const std::function<void(const StreamStatus&)>& on_status
) {
  return impl_->run(on_message, on_status);
}
void EventStream::stop() { impl_->stop(); }
std::string EventStream::position() const { return impl_->position(); }

}  // namespace mlgraph::client
