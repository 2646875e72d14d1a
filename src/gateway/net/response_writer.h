#pragma once
// One answer on its way to the socket.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/api/http.h"
#include "gateway/net/transport.h"

namespace mlgraph::gateway {

/// Writes head and body as the socket takes them; a file goes piece by piece, so that a slow reader
/// holds no more than one in memory.
/// Threads    confined.
class ResponseWriter {
 public:
  struct Framing {
    bool head_only = false;  ///< the answer to HEAD
    bool close = false;      ///< the connection ends behind it
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;
  /// `more` are headers beside the response's own.
  void begin(const HttpResponse& response, const Headers& more, Framing framing);

  enum class Step : std::uint8_t {
    kWritten,  ///< some bytes went
    kBlocked,  ///< the socket takes none now
    kClosed,   ///< the peer has gone
    kDone      ///< nothing is left
  };
  [[nodiscard]] Step write(Transport& transport);

 private:
  std::string out_;
  std::size_t sent_ = 0;
  std::shared_ptr<std::FILE> file_;
};

}  // namespace mlgraph::gateway
