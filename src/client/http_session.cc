#include "client/http_session.h"

#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "client/tls.h"
#include "client/trust.h"
#include "client/wire.h"

namespace mlgraph::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using base::ErrorCode;
using base::Result;
using boost::system::error_code;

constexpr std::size_t kPieceBytes = 256 * 1024;

double seconds_of(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

http::request<http::empty_body> make_head(const Connection& to, const HttpRequest& request) {
  const auto view = [](std::string_view text) {
    return beast::string_view(text.data(), text.size());
  };
  http::request<http::empty_body> head;
  head.method_string(view(request.method));
  head.target(view(request.target));
  head.version(11);
  head.set(http::field::host, to.server.host + ":" + to.server.port);
  head.set(http::field::user_agent, "mlgraph");
  if (!to.token.empty()) head.set(http::field::authorization, "Bearer " + to.token);
  const bool has_body = request.next_piece || !request.body.empty();
  if (has_body) head.set(http::field::content_type, view(request.content_type));
  if (!request.content_encoding.empty())
    head.set(http::field::content_encoding, view(request.content_encoding));
  if (request.next_piece && !request.size)
    head.chunked(true);
  else if (has_body || request.method != "GET")
    head.content_length(request.next_piece ? *request.size : request.body.size());
  return head;
}

}  // namespace

class HttpSession::Impl {
 public:
  Impl(Connection connection, Timeouts timeouts)
      : to_(std::move(connection)), timeouts_(timeouts), resolver_(io_), deadline_(io_) {}

  Result<HttpAnswer> exchange(const HttpRequest& request) {
    Result<HttpAnswer> outcome;
    std::exception_ptr thrown;
    io_.restart();
    asio::co_spawn(io_, serve(request), [&](const std::exception_ptr& error, auto result) {
      thrown = error;
      outcome = std::move(result);
    });
    io_.run();
    if (thrown || !outcome) drop();
    if (thrown) std::rethrow_exception(thrown);  // by a callback of the request
    return outcome;
  }

 private:
  // Results of its steps come back by value: nothing here outlives the call that waits for it.
  asio::awaitable<Result<HttpAnswer>> serve(HttpRequest request) {
    if (!wire_) {
      auto opened = co_await open();
      if (!opened) co_return tl::unexpected(opened.error());
    }
    co_return co_await talk(*wire_, request);
  }

  void drop() {
    wire_.reset();
    buffer_.clear();
  }

  asio::awaitable<Result<void>> open() {
    error_code ec;
    const auto until = std::chrono::steady_clock::now() + timeouts_.connect;
    // A name server that is silent: given up as soon as the C library lets go of it.
    deadline_.expires_at(until);
    deadline_.async_wait([this](error_code cancelled) {
      if (!cancelled) resolver_.cancel();
    });
    const auto endpoints = co_await resolver_.async_resolve(
        to_.server.host, to_.server.port, asio::redirect_error(asio::use_awaitable, ec)
    );
    const bool in_time = deadline_.cancel() > 0;
    if (ec && !in_time) ec = beast::error::timeout;
    if (ec) co_return unreached(ec);
    try {
      if (to_.server.tls && !tls_) tls_.emplace(make_tls_context(to_));
    } catch (const boost::system::system_error& error) {
      co_return base::fail(ErrorCode::kInvalidValue, "{}: {}", to_.ca_file, error.what());
    }
    auto wire = std::make_unique<Wire>(io_, tls_ ? &*tls_ : nullptr);
    wire->tcp().expires_at(until);
    ec = co_await wire->connect(endpoints, to_);
    if (ec) co_return unreached(ec);
    wire_ = std::move(wire);
    co_return Result<void>();
  }

  asio::awaitable<Result<HttpAnswer>> talk(Wire& wire, const HttpRequest& request) {
    const auto silence = request.patience.value_or(timeouts_.silence);
    error_code ec;
    const auto head = make_head(to_, request);
    http::request_serializer<http::empty_body> serializer(head);
    wire.tcp().expires_after(timeouts_.silence);
    co_await http::async_write_header(
        wire, serializer, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec && ec != http::error::need_buffer) co_return broke(ec, timeouts_.silence);
    co_await write_body(wire, request, ec);
    if (ec == beast::error::timeout) co_return broke(ec, timeouts_.silence);
    // Any other failure to write may be an early answer behind which the server stopped reading.

    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    wire.tcp().expires_after(silence);
    co_await http::async_read_header(
        wire, buffer_, parser, asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec) co_return broke(ec, silence);
    HttpAnswer answer{static_cast<int>(parser.get().result_int()), {}};
    std::vector<char> piece(kPieceBytes);
    while (!parser.is_done()) {
      auto& room = parser.get().body();
      room.data = piece.data();
      room.size = piece.size();
      wire.tcp().expires_after(silence);
      co_await http::async_read_some(
          wire, buffer_, parser, asio::redirect_error(asio::use_awaitable, ec)
      );
      if (ec && ec != http::error::need_buffer) co_return broke(ec, silence);
      const std::string_view got(piece.data(), piece.size() - room.size);
      if (!request.take || answer.status != 200)
        answer.body += got;
      else if (!request.take(got))
        co_return base::fail(ErrorCode::kCancelled, "what was downloaded could not be kept");
    }
    wire.tcp().expires_never();
    if (!parser.keep_alive()) drop();
    co_return answer;
  }

  asio::awaitable<void> write_body(Wire& wire, const HttpRequest& request, error_code& ec) {
    ec = {};
    const auto write = [&](std::string_view bytes) -> asio::awaitable<void> {
      wire.tcp().expires_after(timeouts_.silence);
      co_await asio::async_write(
          wire, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec)
      );
    };
    if (!request.next_piece) {
      if (!request.body.empty()) co_await write(request.body);
      co_return;
    }
    while (!ec) {
      const std::string_view piece = request.next_piece();
      if (request.size) {
        if (piece.empty()) co_return;
        co_await write(piece);
        continue;
      }
      const std::string chunk = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
      co_await write(chunk);
      if (piece.empty()) co_return;
    }
  }

  tl::unexpected<base::Error> unreached(const error_code& ec) const {
    if (ec == beast::error::timeout)
      return base::fail(
          ErrorCode::kInternal,
          "cannot reach {}: no connection within {} s",
          to_text(to_.server),
          seconds_of(timeouts_.connect)
      );
    if (is_distrust(ec)) return tl::unexpected(untrusted(to_.server, ec.message()));
    return base::fail(
        ErrorCode::kInternal, "cannot reach {}: {}", to_text(to_.server), ec.message()
    );
  }

  tl::unexpected<base::Error> broke(const error_code& ec, std::chrono::milliseconds waited) const {
    if (ec == beast::error::timeout)
      return base::fail(
          ErrorCode::kTimeout, "{} was silent for {} s", to_text(to_.server), seconds_of(waited)
      );
    return base::fail(
        ErrorCode::kInterrupted, "the connection to {} broke: {}", to_text(to_.server), ec.message()
    );
  }

  const Connection to_;
  const Timeouts timeouts_;
  asio::io_context io_{1};
  tcp::resolver resolver_;
  asio::steady_timer deadline_;
  std::optional<asio::ssl::context> tls_;
  std::unique_ptr<Wire> wire_;
  beast::flat_buffer buffer_;
};

HttpSession::HttpSession(Connection connection, Timeouts timeouts)
    : impl_(std::make_unique<Impl>(std::move(connection), timeouts)) {}
HttpSession::~HttpSession() = default;

Result<HttpAnswer> HttpSession::exchange(const HttpRequest& request) {
  return impl_->exchange(request);
}

}  // namespace mlgraph::client
