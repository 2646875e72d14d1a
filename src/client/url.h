#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::client {

/// Where a server is: http://HOST:PORT or https://HOST:PORT (ws and wss are taken for the same).
struct ServerUrl {
  bool tls = false;
  std::string host;
  std::string port;
};
/// errors kInvalidValue.
[[nodiscard]] base::Result<ServerUrl> parse_server_url(std::string_view text);
/// "http://127.0.0.1:7700", for people.
[[nodiscard]] std::string to_text(const ServerUrl& url);
/// Percent-encodes what may not stand in a path segment or query value.
[[nodiscard]] std::string encode_component(std::string_view text);

/// How to reach and whom to be.
struct Connection {
  ServerUrl server;
  std::string token;      ///< empty: none
  std::string ca_file;    ///< trusted certificates; empty: the system's
  bool insecure = false;  ///< skip certificate checks (self-signed test servers)
};

}  // namespace mlgraph::client
