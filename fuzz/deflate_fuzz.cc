// permessage-deflate: offers of any text, payloads of any bytes: never more than the limit, and
// what inflates survives a round trip.
#include "base/check.h"
#include "protocol/deflate.h"

using namespace mlgraph::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(accept_deflate(bytes));
  constexpr std::size_t kMax = 20'000;
  if (const auto message = inflate_message(bytes, kMax)) {
    MLG_CHECK(message->size() <= kMax);
    MLG_CHECK(inflate_message(deflate_message(*message), kMax) == *message);
  }
  return 0;
}
