// check_request_head: heads that pass have one Host and at most one way to say their length.
#include <string>

#include "gateway/net/request_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string head = std::string(reinterpret_cast<const char*>(data), size) + "\r\n\r\n";
  static_cast<void>(mlgraph::gateway::check_request_head(head, {}));
  return 0;
}
