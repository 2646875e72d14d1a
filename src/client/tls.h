#pragma once
// Included by this module's .cc files only: how its wires trust a server.
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include "client/url.h"

namespace mlgraph::client {

/// errors  throws boost::system::system_error for a CA file that does not load
[[nodiscard]] boost::asio::ssl::context make_tls_context(const Connection& to);
/// Of a handshake: the server's certificate does not verify.
[[nodiscard]] bool is_distrust(const boost::system::error_code& ec);

}  // namespace mlgraph::client
