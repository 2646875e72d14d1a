#include "client/link.h"

#include <charconv>
#include <deque>
#include <optional>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "base/json.h"
#include "client/tls.h"
#include "client/trust.h"
#include "client/wire.h"

namespace mlgraph::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kConnectTime = std::chrono::seconds(10);  // and again for the upgrade
constexpr auto kGoodbyeTime = std::chrono::seconds(1);
constexpr std::size_t kMessageMax = std::size_t{16} << 20;

/// The server's own sentence, where its answer has one.
std::string sentence_of(const websocket::response_type& answer) {
  const auto body = base::parse_json(answer.body());
  const auto* message = body ? body->find("message") : nullptr;
  if (message && message->as_string()) return *message->as_string();
  return "HTTP " + std::to_string(answer.result_int());
}

std::chrono::milliseconds retry_after_of(const websocket::response_type& answer) {
  const auto field = answer[beast::http::field::retry_after];
  std::int64_t seconds = 0;
  std::from_chars(field.data(), field.data() + field.size(), seconds);
  constexpr std::int64_t kDay = 86'400;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kDay));
}

class SocketLink final : public Link, public std::enable_shared_from_this<SocketLink> {
 public:
  SocketLink(asio::io_context& io, asio::ssl::context* tls, Connection to, LinkOptions options)
      : to_(std::move(to)),
        options_(std::move(options)),
        resolver_(io),
        socket_(io, tls),
        heartbeat_(io),
        goodbye_(io) {}

  asio::awaitable<Ending> live() override {
    const auto self = shared_from_this();
    error_code ec;
    co_await open(ec);
    if (!ec && !ending_.stopped) {
      open_ = true;
      options_.on_open();
      beat();
      co_await read(ec);
      open_ = false;
    }
    heartbeat_.cancel();
    goodbye_.cancel();
    wire().tcp().close();
    describe(ec);
    co_return ending_;
  }

  void say(std::string text) override {
    if (!open_ || ending_.stopped) return;
    outgoing_.push_back(std::move(text));
    if (outgoing_.size() == 1) write_next();
  }

  void end() override {
    if (std::exchange(ending_.stopped, true)) return;
    if (!open_) return cut();
    const auto self = shared_from_this();
    socket_.async_close(websocket::close_code::normal, [self](error_code) {});
    goodbye_.expires_after(kGoodbyeTime);
    goodbye_.async_wait([self](error_code ec) {
      if (!ec) self->cut();
    });
  }

 private:
  Wire& wire() { return socket_.next_layer(); }

  void cut() {
    resolver_.cancel();
    wire().tcp().close();
  }

  asio::awaitable<void> open(error_code& ec) {
    const auto endpoints = co_await resolver_.async_resolve(
        to_.server.host, to_.server.port, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec || ending_.stopped) co_return;
    wire().tcp().expires_after(kConnectTime);
    ec = co_await wire().connect(endpoints, to_);
    if (ec) co_return;
    wire().tcp().expires_never();
    // The heartbeat is ours: it asks the server itself, where a proxy may answer WebSocket pings.
    socket_.set_option(websocket::stream_base::timeout{
        kConnectTime, websocket::stream_base::none(), false});
    socket_.read_message_max(kMessageMax);
    socket_.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      request.set(beast::http::field::user_agent, "mlgraph");
      if (!to_.token.empty())
        request.set(beast::http::field::sec_websocket_protocol, "Bearer, " + to_.token);
    }));
    websocket::response_type answer;
    co_await socket_.async_handshake(
        answer,
        to_.server.host + ":" + to_.server.port,
        "/ws",
        asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec != websocket::error::upgrade_declined) co_return;
    ending_.http_status = static_cast<int>(answer.result_int());
    ending_.reason = sentence_of(answer);
    ending_.retry_after = retry_after_of(answer);
  }

  asio::awaitable<void> read(error_code& ec) {
    beast::flat_buffer buffer;
    for (;;) {
      co_await socket_.async_read(buffer, asio::redirect_error(asio::use_awaitable, ec));
      if (ec) co_return;
      heard_ = true;
      const std::string_view text(static_cast<const char*>(buffer.data().data()), buffer.size());
      if (!ending_.stopped && !options_.on_text(text)) end();
      buffer.consume(buffer.size());
    }
  }

  void write_next() {
    const auto self = shared_from_this();
    socket_.async_write(asio::buffer(outgoing_.front()), [self](error_code ec, std::size_t) {
      if (ec) return;  // reading hears of it too
      self->outgoing_.pop_front();
      if (!self->outgoing_.empty()) self->write_next();
    });
  }

  void beat() {
    heartbeat_.expires_after(options_.heartbeat);
    const auto self = shared_from_this();
    heartbeat_.async_wait([self](error_code ec) {
      if (!ec && self->open_) self->on_beat();
    });
  }

  void on_beat() {
    const bool woke_late =
        std::chrono::steady_clock::now() - heartbeat_.expiry() > options_.heartbeat / 2;
    if (asked_ && !heard_ && !woke_late) {
      ending_.reason = "no sign of life";
      return cut();
    }
    asked_ = true;
    heard_ = false;
    options_.on_heartbeat();
    beat();
  }

  void describe(const error_code& ec) {
    if (!ec || !ending_.reason.empty()) return;
    if (is_distrust(ec)) ending_.untrusted = untrusted(to_.server, ec.message());
    ending_.reason = ec.message();
    if (ec != websocket::error::closed) return;
    const auto& reason = socket_.reason();
    if (reason.code != websocket::close_code::none) ending_.close_code = reason.code;
    if (!reason.reason.empty()) ending_.reason.assign(reason.reason.data(), reason.reason.size());
    ending_.retry_after = client::retry_after_of(ending_.reason);
  }

  const Connection to_;
  const LinkOptions options_;
  tcp::resolver resolver_;
  websocket::stream<Wire> socket_;
  asio::steady_timer heartbeat_;
  asio::steady_timer goodbye_;
  std::deque<std::string> outgoing_;  // the first one is being written
  Ending ending_;
  bool open_ = false;
  bool asked_ = false;  // a heartbeat was sent
  bool heard_ = false;  // since then
};

}  // namespace

std::shared_ptr<Link> make_link(
    asio::io_context& io, asio::ssl::context* tls, const Connection& to, LinkOptions options
) {
  return std::make_shared<SocketLink>(io, tls, to, std::move(options));
}

}  // namespace mlgraph::client
