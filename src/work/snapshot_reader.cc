#include "work/snapshot_reader.h"

#include <zstd.h>

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {
constexpr std::size_t kNumbers = 16;  // before a block's bytes, and of the trailer
constexpr std::size_t kRowHead = 5;
}  // namespace

struct SnapshotReader::Inflater {
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
};

SnapshotReader::SnapshotReader(ByteSource& bytes)
    : bytes_(bytes), inflater_(std::make_unique<Inflater>()) {}
SnapshotReader::~SnapshotReader() = default;

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::open(ByteSource& bytes) {
  std::unique_ptr<SnapshotReader> reader(new SnapshotReader(bytes));
  MLG_TRY_VOID(reader->read_head());
  return reader;
}

Result<void> SnapshotReader::read_exactly(std::string& out, std::size_t size) {
  const std::size_t before = out.size();
  out.resize(before + size);
  auto n = bytes_.fill({out.data() + before, size});
  if (!n) return fail(n.error().code, "after {} bytes: {}", bytes_.consumed(), n.error().message);
  if (*n < size)
    return fail(
        ErrorCode::kCorrupt,
        "the snapshot is cut at byte {}, in {}",
        bytes_.consumed(),
        head_bytes_.empty() ? "its header" : fmt::format("block {}", blocks_)
    );
  return {};
}

Result<void> SnapshotReader::read_head() {
  std::string bytes;
  MLG_TRY_VOID(read_exactly(bytes, kSnapshotHeadStart));
  MLG_TRY(size, head_size(bytes));
  MLG_TRY_VOID(read_exactly(bytes, size - bytes.size()));
  MLG_TRY(head, decode_head(bytes));
  head_ = std::move(head);
  head_bytes_ = std::move(bytes);
  return {};
}

tl::unexpected<base::Error> SnapshotReader::damaged(const std::string& why) const {
  return fail(ErrorCode::kCorrupt, "block {} at byte {} is damaged: {}", blocks_, block_at_, why);
}

Result<bool> SnapshotReader::next(RowBuffer& out) {
  if (ended_) return false;
  block_at_ = bytes_.consumed();
  block_.clear();
  MLG_TRY_VOID(read_exactly(block_, kNumbers));
  const auto kind = read_le<std::uint32_t>(block_.data());
  if (kind == kSnapshotEnd) {
    MLG_TRY_VOID(read_trailer());
    ended_ = true;
    return false;
  }
  const auto count = read_le<std::uint32_t>(block_.data() + 4);
  const auto raw = read_le<std::uint32_t>(block_.data() + 8);
  const auto stored = read_le<std::uint32_t>(block_.data() + 12);
  if (kind != kSnapshotBlock) return damaged("it does not begin as a block does");
  if (raw > kSnapshotRawMax || stored > ZSTD_compressBound(kSnapshotRawMax) || count == 0)
    return damaged(fmt::format("{} rows, {} bytes in {}", count, raw, stored));
  MLG_TRY_VOID(read_exactly(block_, stored + kBlockDigest));
  const std::string_view summed(block_.data(), kNumbers + stored);
  if (snapshot_digest(summed, kBlockDigest) != std::string_view(block_).substr(summed.size()))
    return damaged("it does not fit its checksum");
  whole_.add(block_);
  raw_.resize(raw);
  const std::size_t inflated = ZSTD_decompressDCtx(
      inflater_->context.get(), raw_.data(), raw_.size(), block_.data() + kNumbers, stored
  );
  if (ZSTD_isError(inflated) || inflated != raw)
    return damaged(fmt::format("it does not inflate to {} bytes", raw));
  MLG_TRY_VOID(parse_rows(count, out));
  ++blocks_;
  return true;
}

Result<void> SnapshotReader::parse_rows(std::uint32_t count, RowBuffer& out) {
  const std::size_t value_bytes = out.dimension() * sizeof(float);
  std::string_view rest = raw_;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (rest.size() < kRowHead) return damaged(fmt::format("row {} is cut", i));
    const auto id_size = read_le<std::uint8_t>(rest.data());
    const auto metadata_size = read_le<std::uint32_t>(rest.data() + 1);
    rest.remove_prefix(kRowHead);
    if (rest.size() < id_size + std::size_t{metadata_size} + value_bytes)
      return damaged(fmt::format("row {} is cut", i));
    const auto id = rest.substr(0, id_size);
    const auto metadata = rest.substr(id_size, metadata_size);
    std::memcpy(out.next_values().data(), metadata.data() + metadata.size(), value_bytes);
    out.keep(id, metadata, rows_++);
    rest.remove_prefix(id_size + std::size_t{metadata_size} + value_bytes);
  }
  if (!rest.empty()) return damaged(fmt::format("{} bytes follow its last row", rest.size()));
  return {};
}

Result<void> SnapshotReader::read_trailer() {
  whole_.add(block_);
  whole_.add(head_bytes_);
  const auto blocks = read_le<std::uint64_t>(block_.data() + 8);
  std::string digest;
  MLG_TRY_VOID(read_exactly(digest, kWholeDigest));
  if (digest != whole_.digest() || blocks != blocks_ || rows_ != head_.rows)
    return fail(
        ErrorCode::kCorrupt,
        "the snapshot's end at byte {} does not fit what is before it: {} blocks of {}, {} rows of "
        "{}",
        block_at_,
        blocks_,
        blocks,
        rows_,
        head_.rows
    );
  char more = 0;
  MLG_TRY(n, bytes_.fill({&more, 1}));
  if (n > 0)
    return fail(
        ErrorCode::kCorrupt,
        "something follows the snapshot's end at byte {}",
        bytes_.consumed() - 1
    );
  return {};
}

}  // namespace mlgraph::work
