#pragma once
// Included by this module's .cc files only: how its streams trust a server.
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "client/url.h"

namespace mlgraph::client {

[[nodiscard]] inline boost::asio::ssl::context make_tls_context(const Connection& to) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  if (to.ca_file.empty())
    context.set_default_verify_paths();
  else
    context.load_verify_file(to.ca_file);
  context.set_verify_mode(
      to.insecure ? boost::asio::ssl::verify_none : boost::asio::ssl::verify_peer
  );
  return context;
}

template <typename Stream>
void prepare_tls(Stream& stream, const Connection& to) {
  SSL_set_tlsext_host_name(stream.native_handle(), to.server.host.c_str());
  if (!to.insecure)
    stream.set_verify_callback(boost::asio::ssl::host_name_verification(to.server.host));
}

/// Of a handshake: the server's certificate does not verify.
[[nodiscard]] inline bool is_distrust(const boost::system::error_code& ec) {
  return ec.category() == boost::asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

}  // namespace mlgraph::client
