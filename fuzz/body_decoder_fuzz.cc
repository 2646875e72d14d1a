// BodyDecoder: chunked bodies are the same in one piece and in many, and nothing behind them is
// taken.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "gateway/net/body_decoder.h"

namespace {

struct Outcome {
  std::string body;
  std::size_t used = 0;
  bool done = false, refused = false;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, std::size_t piece) {
  mlgraph::gateway::BodyDecoder decoder(std::nullopt, {.body_max = 1 << 16});
  Outcome outcome;
  while (!bytes.empty() && !decoder.done()) {
    const auto part = bytes.substr(0, piece);
    const auto used =
        decoder.decode(part, [&](std::string_view data) -> mlgraph::base::Result<void> {
          outcome.body += data;
          return {};
        });
    outcome.refused = !used;
    if (!used) return outcome;
    MLG_CHECK(*used == part.size() || decoder.done());
    outcome.used += *used;
    bytes.remove_prefix(*used);
  }
  outcome.done = decoder.done();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = decode(bytes, bytes.size() + 1);
  const auto pieces = decode(bytes, 1 + data[0] % 32U);
  MLG_CHECK(whole.refused == pieces.refused && whole.done == pieces.done);
  if (!whole.refused) MLG_CHECK(whole == pieces);
  MLG_CHECK(whole.body.size() <= std::min<std::size_t>(bytes.size(), 1 << 16));
  return 0;
}
