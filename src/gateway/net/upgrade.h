#pragma once
// The WebSocket handshake (RFC 6455 §4.2) as a pure function over the request's headers.
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/http.h"
#include "gateway/net/server.h"

namespace mlgraph::gateway {

/// Header names in lower case; of equal names the values joined by commas.
using HeaderMap = std::map<std::string, std::string, std::less<>>;

/// What Authorization and x-api-key say; one that is there and says nothing, or nothing that is a
/// token, is an empty token, which nobody has.
[[nodiscard]] Credentials read_credentials(
    const HeaderMap& headers, const std::multimap<std::string, std::string>& query
);

struct Handshake {
  std::string response_head;  ///< the 101 with its empty line
  std::optional<std::string> token;
  bool deflate = false;  ///< permessage-deflate was offered, and is on
};
struct UpgradeOptions {
  bool tls = false;      ///< the connection is encrypted: what an Origin's scheme must say
  bool deflate = false;  ///< an offer of permessage-deflate is taken
};
/// The refusal is a whole answer (400, 403, 426).
[[nodiscard]] tl::expected<Handshake, HttpResponse> answer_upgrade(
    std::string_view method,
    const HeaderMap& headers,
    const Credentials& credentials,
    const ServerHooks& hooks,
    UpgradeOptions options
);

}  // namespace mlgraph::gateway
