#include "client/tls.h"

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mlgraph::client {

namespace ssl = boost::asio::ssl;

ssl::context make_tls_context(const Connection& to) {
  ssl::context context(ssl::context::tls_client);
  if (to.ca_file.empty())
    context.set_default_verify_paths();
  else
    context.load_verify_file(to.ca_file);
  context.set_verify_mode(to.insecure ? ssl::verify_none : ssl::verify_peer);
  return context;
}

bool is_distrust(const boost::system::error_code& ec) {
  return ec.category() == boost::asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

}  // namespace mlgraph::client
