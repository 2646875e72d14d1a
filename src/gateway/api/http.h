#pragma once
// An HTTP request and its answer as handlers see them: no sockets, no Beast.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gateway/auth/authenticator.h"

namespace mlgraph::gateway {

/// A body that streams in. Threads: read() from one worker thread, which it blocks; the connection
/// fills it.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// Up to out.size() bytes; 0 at the end of a whole body. errors kBadRequest (cut short, bad
  /// chunk), kTimeout.
  [[nodiscard]] virtual base::Result<std::size_t> read(std::span<char> out) = 0;
  /// Asked now and then while read() waits; true ends the wait with kCancelled. Before the first
  /// read.
  virtual void set_interrupt(std::function<bool()> interrupted) = 0;
  /// Content-Length; nullopt when chunked.
  [[nodiscard]] virtual std::optional<std::uint64_t> length() const = 0;
};

struct HttpRequest {
  std::string method;                         ///< upper case
  std::string path;                           ///< decoded, without query
  std::map<std::string, std::string> params;  ///< {id} parts of the route
  std::string alias;  ///< by which the index in params was asked for; or empty
  std::multimap<std::string, std::string> query;  ///< decoded; equal names in their order
  std::string content_type;                       ///< lower case, without parameters
  std::string content_encoding;                   ///< lower case; whoever streams a body judges it
  std::string last_event_id;                      ///< Last-Event-ID header
  std::string accept_encoding;                    ///< lower case, as it came
  std::string if_none_match;                      ///< as it came
  std::string body;                               ///< whole, unless the route streams
  std::shared_ptr<BodyStream> stream;             ///< routes with streams_body
  std::string remote;                             ///< client address without port
  Principal principal;                            ///< who asks; empty on public routes
  [[nodiscard]] const std::string& param(const std::string& name) const { return params.at(name); }
  /// Of equal names the last.
  [[nodiscard]] std::optional<std::string> query_value(const std::string& name) const;
  /// ?channels=a,b&channels=c: a, b and c; without the name "*". errors kInvalidChannel (none).
  [[nodiscard]] base::Result<std::vector<std::string>> channels() const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string file_path;           ///< if set, this file is the body, streamed
  bool endless = false;            ///< what HEAD is told of a stream: its length is not known
  std::string cache_control = {};  ///< empty: no-store
};

/// Decodes %XX (and '+' as a blank in queries); what is no valid escape stays as it is.
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_blank);
[[nodiscard]] HttpResponse json_response(int status, std::string body);
/// Status and body from protocol/error_table.h; Retry-After where the error carries one.
[[nodiscard]] HttpResponse error_response(const base::Error& error);

/// Called exactly once, from any thread.
using Reply = std::function<void(HttpResponse)>;

}  // namespace mlgraph::gateway
