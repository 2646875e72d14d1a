// Inflated bodies: the first byte picks coding and pieces, the rest is the body. In whatever pieces
// it is read, the same comes out.
#include "row_source_fuzz.h"
#include "work/compression.h"

namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;  // of a bomb, a part

struct Outcome {
  std::string bytes;
  bool refused = false;
  bool operator==(const Outcome&) const = default;
};

Outcome inflate(mlgraph::work::Compression compression, std::string_view body, std::size_t step) {
  mlgraph::fuzz::Bytes from(body);
  const auto source = mlgraph::work::make_inflating_source(compression, from);
  Outcome outcome;
  std::string piece(step, '\0');
  while (outcome.bytes.size() < kMost) {
    const auto n = source->read(piece);
    MLG_CHECK(source->compressed_bytes() <= body.size());
    outcome.refused = !n;
    if (!n || *n == 0) return outcome;
    outcome.bytes.append(piece, 0, *n);
  }
  outcome.bytes.resize(kMost);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto compression =
      data[0] % 2 == 0 ? mlgraph::work::Compression::kGzip : mlgraph::work::Compression::kZstd;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = inflate(compression, body, std::size_t{1} << 16);
  const auto pieces = inflate(compression, body, 64 + data[0]);
  // Of a broken stream, how much came before the error may depend on the room there was.
  if (!whole.refused) MLG_CHECK(whole == pieces);
  return 0;
}
