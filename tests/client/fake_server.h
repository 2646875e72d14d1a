#pragma once
// A WebSocket server that does what a script says, one connection after the other.
#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/mutex.h"
#include "client/url.h"

namespace mlgraph::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

/// The client's connection, seen from the server. Everything throws once the client has gone.
class Peer {
 public:
  using Socket = beast::websocket::stream<tcp::socket>;
  Peer(Socket& socket, std::string token) : socket_(socket), token_(std::move(token)) {}

  /// Reads up to the next request of this type; those before it are passed over.
  base::Json expect(std::string_view type) {
    for (;;) {
      beast::flat_buffer buffer;
      socket_.read(buffer);
      const auto text = beast::buffers_to_string(buffer.data());
      auto json = base::parse_json(text);
      const auto* found = json ? json->find("type") : nullptr;
      if (found && found->as_string() && *found->as_string() == type) return *json;
    }
  }
  void say(const std::string& text) { socket_.write(asio::buffer(text)); }
  void subscribed(const std::string& id, bool recovered) {
    say(R"({"type":"subscribed","data":{"channels":["*"],"id":")" + id + R"(","recovered":)" +
        (recovered ? "true" : "false") + R"(},"ref":"subscribe"})");
  }
  void event(const std::string& id) {
    say(R"({"type":"index.created","data":{},"id":")" + id + R"("})");
  }
  void state_part(const std::string& id, int part, bool last) {
    say(R"({"type":"state","data":{"part":)" + std::to_string(part) + R"(,"last":)" +
        (last ? "true" : "false") + R"(},"id":")" + id + R"("})");
  }
  /// The message that ends each test's stream, behind everything else.
  void bye() {
    say(R"({"type":"bye"})");
    wait_for_end();
  }
  void close(int code, const std::string& reason = "") {
    socket_.close({static_cast<beast::websocket::close_code>(code), reason});
  }
  /// Without a close frame, as a killed server goes.
  void cut() {
    socket_.next_layer().set_option(asio::socket_base::linger(true, 0));
    socket_.next_layer().close();
  }
  void wait_for_end() {
    for (;;) {
      beast::flat_buffer buffer;
      socket_.read(buffer);
    }
  }
  [[nodiscard]] const std::string& token() const { return token_; }

 private:
  Socket& socket_;
  std::string token_;
};

/// Threads   scripts run on the server's own; then() from the test's, before or while it runs.
class FakeServer {
 public:
  using Script = std::function<void(Peer&)>;

  enum class Begin { kListening, kRefusing };
  explicit FakeServer(Begin begin = Begin::kListening) : acceptor_(io_, tcp::v4()) {
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    if (begin == Begin::kListening) listen();
  }
  ~FakeServer() {
    stopping_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    if (const int socket = current_; socket >= 0) ::shutdown(socket, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  /// Until then the port is ours, and connecting to it is refused.
  void listen() {
    acceptor_.listen();
    thread_ = std::thread([this] { serve(); });
  }
  /// What happens on the next connection that has no script yet.
  void then(Script script) {
    base::MutexLock lock(mutex_);
    scripts_.push_back({std::move(script), {}});
  }
  /// The next upgrade is answered with `head` (status line and headers) instead.
  void then_refuse(std::string head) {
    base::MutexLock lock(mutex_);
    scripts_.push_back({nullptr, std::move(head)});
  }
  [[nodiscard]] int connections() const { return connections_; }
  /// From a script to the test.
  void note(std::string what) {
    base::MutexLock lock(mutex_);
    notes_.push_back(std::move(what));
  }
  [[nodiscard]] std::vector<std::string> notes() const {
    base::MutexLock lock(mutex_);
    return notes_;
  }
  [[nodiscard]] client::Connection connection(std::string token = "mlg_fake_token") const {
    client::Connection to;
    to.server = {false, "127.0.0.1", std::to_string(acceptor_.local_endpoint().port())};
    to.token = std::move(token);
    return to;
  }

 private:
  struct Step {
    Script script;
    std::string refusal;
  };

  void serve() {
    while (!stopping_) {
      boost::system::error_code ec;
      tcp::socket socket(io_);
      acceptor_.accept(socket, ec);
      if (ec) return;
      socket.set_option(tcp::no_delay(true));
      current_ = socket.native_handle();
      if (stopping_) return;
      ++connections_;
      try {
        serve_one(std::move(socket));
      } catch (const boost::system::system_error&) {
        // the client has gone: the script's end
      }
      current_ = -1;
    }
  }

  void serve_one(tcp::socket socket) {
    Step step;
    {
      base::MutexLock lock(mutex_);
      if (scripts_.empty()) return;
      step = std::move(scripts_.front());
      scripts_.pop_front();
    }
    beast::flat_buffer buffer;
    beast::http::request<beast::http::string_body> request;
    beast::http::read(socket, buffer, request);
    if (!step.script) {
      asio::write(socket, asio::buffer(step.refusal + "\r\nContent-Length: 0\r\n\r\n"));
      return;
    }
    const std::string offered(request[beast::http::field::sec_websocket_protocol]);
    Peer::Socket websocket(std::move(socket));
    websocket.set_option(
        beast::websocket::stream_base::decorator([](beast::websocket::response_type& response) {
          response.set(beast::http::field::sec_websocket_protocol, "Bearer");
        })
    );
    websocket.accept(request);
    Peer peer(websocket, offered.substr(offered.rfind(' ') + 1));
    step.script(peer);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> current_{-1};
  std::atomic<int> connections_{0};
  mutable base::Mutex mutex_;
  std::deque<Step> scripts_ MLG_GUARDED_BY(mutex_);
  std::vector<std::string> notes_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::testing
