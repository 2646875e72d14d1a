#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/entry.h"

namespace mlgraph::store {

/// A log record on disk, all numbers little-endian:
///   u8 version (1) | u8 kind | i64 timestamp ms | u32 entity size | u32 index size | u32 public
///   size | u32 private size | entity | index | public_json | private_json
/// The seq is the record's key; RocksDB checksums the block.
[[nodiscard]] std::string encode_entry(const model::Entry& entry);
/// errors kCorrupt naming the seq.
[[nodiscard]] base::Result<std::shared_ptr<const model::Entry>> decode_entry(
    std::uint64_t seq, std::string_view record
);

}  // namespace mlgraph::store
