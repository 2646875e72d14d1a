#include "work/snapshot_writer.h"

#include <zstd.h>

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {
constexpr int kLevel = 1;  // floats shrink by little at any level
}  // namespace

struct SnapshotWriter::Compressor {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), ZSTD_freeCCtx};
};

SnapshotWriter::SnapshotWriter(SnapshotSink& sink, SnapshotHead head)
    : sink_(sink), head_(std::move(head)), compressor_(std::make_unique<Compressor>()) {
  head_.rows = 0;
}
SnapshotWriter::~SnapshotWriter() = default;

Result<void> SnapshotWriter::begin() {
  if (std::exchange(begun_, true)) return {};
  return sink_.append(encode_head(head_));  // its place; finish() says how many rows there are
}

Result<void> SnapshotWriter::add(const store::RowView& row) {
  MLG_TRY_VOID(begin());
  append_le(raw_, static_cast<std::uint8_t>(row.id.size()));
  append_le(raw_, static_cast<std::uint32_t>(row.metadata.size()));
  raw_ += row.id;
  raw_ += row.metadata;
  raw_.append(reinterpret_cast<const char*>(row.values.data()), row.values.size_bytes());
  ++block_rows_;
  ++head_.rows;
  return raw_.size() < kSnapshotBlockBytes ? Result<void>() : end_block();
}

Result<void> SnapshotWriter::end_block() {
  if (block_rows_ == 0) return {};
  constexpr std::size_t kFields = 16;
  out_.clear();
  append_le(out_, kSnapshotBlock);
  append_le(out_, block_rows_);
  append_le(out_, static_cast<std::uint32_t>(raw_.size()));
  out_.resize(kFields + ZSTD_compressBound(raw_.size()));
  const std::size_t stored = ZSTD_compressCCtx(
      compressor_->context.get(),
      out_.data() + kFields,
      out_.size() - kFields,
      raw_.data(),
      raw_.size(),
      kLevel
  );
  if (ZSTD_isError(stored))
    return fail(ErrorCode::kInternal, "compressing a block: {}", ZSTD_getErrorName(stored));
  const auto size = static_cast<std::uint32_t>(stored);
  std::memcpy(out_.data() + 12, &size, sizeof size);
  out_.resize(kFields + stored);
  out_ += snapshot_digest(out_, kBlockDigest);
  whole_.add(out_);
  raw_.clear();
  block_rows_ = 0;
  ++blocks_;
  return sink_.append(out_);
}

Result<void> SnapshotWriter::finish() {
  MLG_TRY_VOID(begin());
  MLG_TRY_VOID(end_block());
  const std::string head = encode_head(head_);
  std::string trailer;
  append_le(trailer, kSnapshotEnd);
  append_le(trailer, std::uint32_t{0});
  append_le(trailer, blocks_);
  whole_.add(trailer);
  whole_.add(head);
  MLG_TRY_VOID(sink_.append(trailer + whole_.digest()));
  return sink_.replace_start(head);
}

}  // namespace mlgraph::work
