#pragma once
// How a connection ended, and what a client does about it.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::client {

struct Ending {
  int close_code = 1006;  ///< 1006: without a close frame
  int http_status = 0;    ///< the upgrade was answered with this instead of 101; 0: it was not
  std::string reason;
  std::chrono::milliseconds retry_after{0};  ///< the least delay, as the server asks
  std::optional<base::Error> refused;        ///< the subscription itself was answered with an error
  std::optional<base::Error> untrusted;      ///< the server's certificate does not verify
  bool stopped = false;                      ///< by our own side
};

enum class Next {
  kDone,    ///< the server has said goodbye for good
  kGiveUp,  ///< the same again would end the same
  kRetry,   ///< reconnect with backoff and resume
  kRenew,   ///< reconnect at once, with a new token
};

/// docs/protocol.md, "Close codes": 4000–4099 are final, 4100–4199 transient, 4200–4299 ask for a
/// new token; of the RFC's, those that say our own messages are at fault are final.
[[nodiscard]] Next next_after(const Ending& ending);

/// Why the client gave up: kUnauthorized, kTokenExpired, kForbidden, kBadRequest, or the refusal.
[[nodiscard]] base::Error error_of(const Ending& ending);

/// N of "… retry_after_ms=N …"; 0 without.
[[nodiscard]] std::chrono::milliseconds retry_after_of(std::string_view close_reason);

}  // namespace mlgraph::client
