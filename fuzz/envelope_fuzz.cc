// parse_request: a request or a refusal, and an answer that is JSON again.
#include <string_view>

#include "base/check.h"
#include "protocol/envelope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = mlgraph::protocol::parse_request(text);
  const std::string answer =
      request ? mlgraph::protocol::pong({}, request->ref, "e-1")
              : mlgraph::protocol::error_message({}, request.error().error, request.error().ref);
  MLG_CHECK(mlgraph::base::parse_json(answer).has_value());
  return 0;
}
