#pragma once
// HTTP/1.1 over one connection at a time, each wait of it bounded.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "client/url.h"

namespace mlgraph::client {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// How long a call waits for a server that says nothing.
struct Timeouts {
  std::chrono::milliseconds connect{10'000};  ///< name, connection and TLS together
  std::chrono::milliseconds silence{60'000};  ///< no byte taken, or none sent
};

/// Views are borrowed for the call.
struct HttpRequest {
  std::string_view method = "GET";
  std::string_view target;
  std::string_view content_type = "application/json";
  std::string_view content_encoding{};
  std::string_view body{};
  /// Instead of `body`: asked for its next piece until one is empty.
  std::function<std::string_view()> next_piece{};
  std::optional<std::uint64_t> size{};  ///< of all pieces; unknown: sent in chunks
  /// Takes the body of a 200 piece by piece; false: cannot go on. Unset: it goes into the answer.
  std::function<bool(std::string_view)> take{};
  /// Instead of Timeouts::silence, for the answer: to a call that itself waits.
  std::optional<std::chrono::milliseconds> patience{};
};

/// Keeps its connection from call to call, opens another after a failure.
/// Threads  confined; calls block.
class HttpSession {
 public:
  explicit HttpSession(Connection connection, Timeouts timeouts = {});
  ~HttpSession();
  /// Any HTTP status is an answer. An early one ends the body.
  /// errors  kInternal: no connection stood (is_untrusted tells why where that is it); once it has
  ///         stood kInterrupted: it broke, and kTimeout: a silent server; kCancelled: `take` could
  ///         not go on; kInvalidValue for a CA file that does not load.
  [[nodiscard]] base::Result<HttpAnswer> exchange(const HttpRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::client
