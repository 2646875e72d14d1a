// The reader of snapshots: the bytes as they are, and with every checksum made to fit, so that what
// stands behind them is reached. Read in steps of odd sizes.
#include <algorithm>
#include <cstring>

#include <zstd.h>

#include "base/check.h"
#include "work/snapshot_reader.h"

namespace {

using namespace mlgraph;

class Bytes final : public work::ByteSource {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes), length_(bytes.size()) {}
  base::Result<std::size_t> read(std::span<char> out) override {
    const std::size_t n = std::min({out.size(), bytes_.size(), std::size_t{13}});
    std::memcpy(out.data(), bytes_.data(), n);
    bytes_.remove_prefix(n);
    return n;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  std::string_view bytes_;
  std::size_t length_;
};

void look(std::string_view file) {
  Bytes bytes(file);
  const auto reader = work::SnapshotReader::open(bytes);
  if (!reader) return;
  const auto dimension = (*reader)->head().index.dimension;
  if (dimension == 0 || dimension > index::kDimensionMax) return;
  work::RowBuffer rows(dimension);
  std::uint64_t seen = 0;
  for (;;) {
    rows.clear();
    const auto more = (*reader)->next(rows);
    if (!more) return;
    seen += rows.rows();
    MLG_CHECK(seen == (*reader)->rows_read());
    if (!*more) break;
    const auto view = rows.view();
    MLG_CHECK(view.values.size() == view.ids.size() * dimension);
  }
  MLG_CHECK(seen == (*reader)->head().rows);
}

/// The same file with checksums that fit, as far as it has the shape of one. A block's stored bytes
/// are taken for raw ones and compressed.
std::string mended(std::string_view file) {
  const auto size = work::head_size(file);
  if (!size || *size > file.size()) return std::string(file);
  std::string head(file.substr(0, *size - work::kWholeDigest));
  head += work::snapshot_digest(head, work::kWholeDigest);
  file.remove_prefix(*size);
  std::string blocks;
  std::uint64_t count = 0;
  while (file.size() >= 16 && work::read_le<std::uint32_t>(file.data()) == work::kSnapshotBlock) {
    const std::size_t raw =
        std::min<std::size_t>(work::read_le<std::uint32_t>(file.data() + 12), file.size() - 16);
    std::string block(file.substr(0, 8));
    work::append_le(block, static_cast<std::uint32_t>(raw));
    std::string stored(ZSTD_compressBound(raw), '\0');
    stored.resize(ZSTD_compress(stored.data(), stored.size(), file.data() + 16, raw, 1));
    work::append_le(block, static_cast<std::uint32_t>(stored.size()));
    block += stored;
    blocks += block + work::snapshot_digest(block, work::kBlockDigest);
    ++count;
    file.remove_prefix(16 + raw);
  }
  std::string trailer;
  work::append_le(trailer, work::kSnapshotEnd);
  work::append_le(trailer, std::uint32_t{0});
  work::append_le(trailer, count);
  work::SnapshotHash whole(work::kWholeDigest);
  for (const auto& piece : {blocks, trailer, head}) whole.add(piece);
  return head + blocks + trailer + whole.digest();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  look(file);
  look(mended(file));
  return 0;
}
