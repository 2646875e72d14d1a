#pragma once
// The socket's messages: requests parsed, answers written.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::protocol {

enum class RequestType : std::uint8_t { kAuth, kSubscribe, kUnsubscribe, kPing, kSync, kHello };

/// A request as the client sent it. Unknown members are ignored.
struct Request {
  RequestType type = RequestType::kPing;
  std::string ref;                    ///< the JSON text to echo (`"a"` or `7`); empty: none
  std::string token;                  ///< auth
  std::vector<std::string> channels;  ///< subscribe, unsubscribe, sync (as sent; not yet patterns)
  bool has_channels = false;
  std::optional<std::string> since;  ///< subscribe
  bool state = false;                ///< subscribe
};

/// What could still be told of a message that is refused: its ref and its type, if readable.
struct RequestError {
  base::Error error;
  std::string ref;
  std::optional<RequestType> type;
};

/// Parses one text message. errors kBadJson, kBadRequest (naming the member), kUnknownType.
[[nodiscard]] tl::expected<Request, RequestError> parse_request(std::string_view text);

// Answers, whole messages. `ref` is raw JSON or empty (then the member is left out).
[[nodiscard]] std::string pong(base::Timestamp now, std::string_view ref, std::string_view id);
[[nodiscard]] std::string error_message(
    base::Timestamp now, const base::Error& error, std::string_view ref
);
/// {"type":type,"timestamp":now,"data":data_json[,"ref":…]}
[[nodiscard]] std::string answer(
    std::string_view type, base::Timestamp now, std::string_view data_json, std::string_view ref
);

}  // namespace mlgraph::protocol
