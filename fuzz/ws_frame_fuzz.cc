// FrameReader: whatever comes, memory stays bounded and what is taken is what RFC 6455 allows.
#include <string>

#include "base/check.h"
#include "protocol/ws_frame.h"

using mlgraph::protocol::FrameReader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const FrameReader::Limits limits{.message_max = 4'096, .fragments_max = 8};
  FrameReader reader(limits);
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + data[0];
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::span<char> piece(bytes.data() + at, std::min(step, bytes.size() - at));
    while (!piece.empty()) {
      std::size_t used = 0;
      const auto found = reader.feed(piece, used);
      MLG_CHECK(reader.buffered_bytes() <= limits.message_max + 256);
      if (!found) return 0;
      if (*found) MLG_CHECK((*found)->payload.size() <= limits.message_max);
      MLG_CHECK(used > 0);
      piece = piece.subspan(used);
    }
  }
  return 0;
}
