#include "client/http_client.h"

#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "client/tls.h"

namespace mlgraph::client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// Writes a request's body after its head; stops quietly when the server has stopped reading.
using BodyWriter = std::function<void(const std::function<bool(std::string_view)>& write)>;

template <typename Stream>
void send(Stream& stream, const http::request<http::empty_body>& head, const BodyWriter& body) {
  http::request_serializer<http::empty_body> serializer(head);
  http::write_header(stream, serializer);
  body([&](std::string_view piece) {
    boost::system::error_code ec;
    asio::write(stream, asio::buffer(piece), ec);
    return !ec;  // an early answer closes the server's side: read it
  });
}

/// The whole answer in memory.
template <typename Stream>
HttpAnswer receive(Stream& stream) {
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::uint64_t{1} << 32);
  http::read(stream, buffer, parser);
  return {static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

/// `talk(stream)` over a connection of its own, plain or TLS.
template <typename Talk>
base::Result<HttpAnswer> connected(const Connection& to, Talk&& talk) {
  try {
    asio::io_context io;
    const auto endpoints = tcp::resolver(io).resolve(to.server.host, to.server.port);
    if (!to.server.tls) {
      tcp::socket socket(io);
      asio::connect(socket, endpoints);
      socket.set_option(tcp::no_delay(true));
      return talk(socket);
    }
    auto context = make_tls_context(to);
    asio::ssl::stream<tcp::socket> stream(io, context);
    asio::connect(stream.next_layer(), endpoints);
    prepare_tls(stream, to);
    stream.handshake(asio::ssl::stream_base::client);
    return talk(stream);
  } catch (const boost::system::system_error& error) {
    return base::fail(
        base::ErrorCode::kInternal,
        "cannot reach {}:{}: {}",
        to.server.host,
        to.server.port,
        error.code().message()
    );
  }
}

base::Result<HttpAnswer> call(
    const Connection& to, const http::request<http::empty_body>& head, const BodyWriter& body
) {
  return connected(to, [&](auto& stream) -> base::Result<HttpAnswer> {
    send(stream, head, body);
    return receive(stream);
  });
}

http::request<http::empty_body> make_head(
    const Connection& to,
    std::string_view method,
    std::string_view target,
    std::string_view content_type,
    std::uint64_t length
) {
  http::request<http::empty_body> head;
  head.method_string({method.data(), method.size()});
  head.target({target.data(), target.size()});
  head.version(11);
  head.set(http::field::host, to.server.host + ":" + to.server.port);
  head.set(http::field::user_agent, "mlgraph");
  head.set(http::field::connection, "close");
  if (!to.token.empty()) head.set(http::field::authorization, "Bearer " + to.token);
  if (length > 0)
    head.set(
        http::field::content_type,
        boost::beast::string_view(content_type.data(), content_type.size())
    );
  if (length > 0 || method != "GET") head.content_length(length);
  return head;
}

}  // namespace

base::Result<HttpAnswer> HttpClient::request(
    std::string_view method,
    std::string_view target,
    std::string_view body,
    std::string_view content_type
) const {
  return call(
      connection_,
      make_head(connection_, method, target, content_type, body.size()),
      [&](const auto& write) {
        if (!body.empty()) static_cast<void>(write(body));
      }
  );
}

base::Result<HttpAnswer> HttpClient::upload(
    std::string_view target, const UploadType& type, std::istream& in, std::uint64_t size
) const {
  auto head = make_head(connection_, "POST", target, type.content_type, size);
  if (!type.content_encoding.empty())
    head.set(http::field::content_encoding, type.content_encoding);
  return call(connection_, head, [&](const auto& write) {
    std::vector<char> piece(256 * 1024);
    for (;;) {
      in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      const auto got = static_cast<std::size_t>(in.gcount());
      if (got == 0 || !write({piece.data(), got})) return;
    }
  });
}

base::Result<HttpAnswer> HttpClient::download(
    std::string_view target, const std::function<bool(std::string_view)>& take
) const {
  const auto head = make_head(connection_, "GET", target, {}, 0);
  return connected(connection_, [&](auto& stream) -> base::Result<HttpAnswer> {
    send(stream, head, [](const auto&) {});
    boost::beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    http::read_header(stream, buffer, parser);
    HttpAnswer answer{static_cast<int>(parser.get().result_int()), {}};
    std::vector<char> piece(256 * 1024);
    while (!parser.is_done()) {
      auto& room = parser.get().body();
      room.data = piece.data();
      room.size = piece.size();
      boost::system::error_code ec;
      http::read(stream, buffer, parser, ec);
      if (ec && ec != http::error::need_buffer) throw boost::system::system_error(ec);
      const std::string_view got(piece.data(), piece.size() - room.size);
      if (answer.status != 200)
        answer.body += got;
      else if (!take(got))
        return base::fail(base::ErrorCode::kInternal, "what was downloaded could not be kept");
    }
    return answer;
  });
}

base::Result<base::Json> json_of(const HttpAnswer& answer) {
  if (answer.status == 204) return base::Json();
  auto parsed = base::parse_json(answer.body, {.depth_max = 64, .members_max = 1 << 24});
  if (answer.status < 400) return parsed;
  const auto* text = parsed ? parsed->find("message") : nullptr;
  const auto code = answer.status == 401   ? base::ErrorCode::kUnauthorized
                    : answer.status == 403 ? base::ErrorCode::kForbidden
                    : answer.status == 404 ? base::ErrorCode::kNotFound
                    : answer.status == 409 ? base::ErrorCode::kConflict
                                           : base::ErrorCode::kBadRequest;
  if (text && text->as_string()) return base::fail(code, "{}", *text->as_string());
  return base::fail(code, "the server answered {}", answer.status);
}

base::Result<base::Json> HttpClient::json(
    std::string_view method, std::string_view target, std::string_view body
) const {
  MLG_TRY(answer, request(method, target, body));
  return json_of(answer);
}

}  // namespace mlgraph::client
