#pragma once
// Passing over the rows of a shard's head.
#include <cstdint>

#include "index/shard_look.h"

namespace mlgraph::index {

/// Both offer what is near enough to `top` and return how many distances they computed.
/// All rows of the head.
std::uint64_t scan_head(const ShardLook& look, const Distance& distance, TopK& top);
/// Each allowed row by itself, wherever it lies, for filters that few rows pass. False in `read`:
/// the disk did not give a row.
std::uint64_t scan_allowed(const ShardLook& look, const Distance& distance, TopK& top, bool& read);

}  // namespace mlgraph::index
