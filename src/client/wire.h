#pragma once
// Included by this module's .cc files only: the bytes of a connection, with TLS or without.
#include <array>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "client/url.h"

namespace mlgraph::client {

/// A stream as Asio and Beast understand one. What is layered on it is compiled once for both
/// kinds, and what is below only for one type of handler: with every layer a template over the
/// next, two files took minutes to build with sanitizers.
/// Threads  confined to the context it was made with, which has one.
class Wire {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using Error = boost::system::error_code;

  /// tls  the trust to use, outliving the wire; nullptr: plain
  Wire(boost::asio::io_context& io, boost::asio::ssl::context* tls);
  Wire(const Wire&) = delete;  // TLS refers to the socket beside it
  Wire& operator=(const Wire&) = delete;

  /// Connects to the first of `endpoints` that answers, and shakes hands for TLS. How long that
  /// may take, and anything later, the deadline of tcp() says.
  [[nodiscard]] boost::asio::awaitable<Error> connect(
      const boost::asio::ip::tcp::resolver::results_type& endpoints, const Connection& to
  );
  [[nodiscard]] boost::beast::tcp_stream& tcp() { return tcp_; }

  [[nodiscard]] executor_type get_executor() { return tcp_.get_executor(); }
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(Error, std::size_t)>(
        [this](auto handler, const Room& room) { read_some(room, erased(std::move(handler))); },
        token,
        first_of<Room>(buffers)
    );
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(Error, std::size_t)>(
        [this](auto handler, const Bytes& bytes) { write_some(bytes, erased(std::move(handler))); },
        token,
        first_of<Bytes>(buffers)
    );
  }

  // Beast's WebSocket stream looks for these two by its argument.
  template <typename Handler>
  friend void async_teardown(boost::beast::role_type role, Wire& wire, Handler&& handler) {
    const auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    wire.tear_down(role, [kept](Error ec) { std::move (*kept)(ec); });
  }
  friend void beast_close_socket(Wire& wire) { wire.tcp_.close(); }

 private:
  /// "Some" may be less than all: what does not fit goes with the next call.
  static constexpr std::size_t kBuffersMax = 16;
  using Room = std::array<boost::asio::mutable_buffer, kBuffersMax>;
  using Bytes = std::array<boost::asio::const_buffer, kBuffersMax>;
  using Done = std::function<void(Error, std::size_t)>;

  template <typename Few, typename Buffers>
  static Few first_of(const Buffers& buffers) {
    Few few;
    auto to = few.begin();
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto from = boost::asio::buffer_sequence_begin(buffers); from != end && to != few.end();
         ++from)
      if (typename Few::value_type one(*from); one.size() > 0) *to++ = one;
    return few;
  }
  template <typename Handler>
  static Done erased(Handler&& handler) {
    const auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    return [kept](Error ec, std::size_t bytes) { std::move (*kept)(ec, bytes); };
  }

  void read_some(const Room& room, Done done);
  void write_some(const Bytes& bytes, Done done);
  void tear_down(boost::beast::role_type role, std::function<void(Error)> done);

  boost::beast::tcp_stream tcp_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace mlgraph::client
