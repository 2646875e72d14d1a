#include "client/wire.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <openssl/ssl.h>

namespace mlgraph::client {

namespace asio = boost::asio;
namespace beast = boost::beast;

Wire::Wire(asio::io_context& io, asio::ssl::context* tls) : tcp_(io) {
  if (tls) tls_.emplace(tcp_, *tls);
}

asio::awaitable<Wire::Error> Wire::connect(
    const asio::ip::tcp::resolver::results_type& endpoints, const Connection& to
) {
  Error ec;
  co_await tcp_.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return ec;
  Error ignored;
  tcp_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  if (!tls_) co_return ec;
  SSL_set_tlsext_host_name(tls_->native_handle(), to.server.host.c_str());
  if (!to.insecure) tls_->set_verify_callback(asio::ssl::host_name_verification(to.server.host));
  co_await tls_->async_handshake(
      asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec)
  );
  co_return ec;
}

void Wire::read_some(const Room& room, Done done) {
  if (tls_)
    tls_->async_read_some(room, std::move(done));
  else
    tcp_.async_read_some(room, std::move(done));
}

void Wire::write_some(const Bytes& bytes, Done done) {
  if (tls_)
    tls_->async_write_some(bytes, std::move(done));
  else
    tcp_.async_write_some(bytes, std::move(done));
}

void Wire::tear_down(beast::role_type role, std::function<void(Error)> done) {
  if (tls_)
    tls_->async_shutdown(std::move(done));
  else
    beast::websocket::async_teardown(role, tcp_.socket(), std::move(done));
}

}  // namespace mlgraph::client
