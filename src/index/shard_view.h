#pragma once
#include <cstdint>
#include <memory>

#include "index/head.h"
#include "index/sealed_part.h"

namespace mlgraph::index {

/// What a search sees of a shard: swapped whole.
struct ShardView {
  std::shared_ptr<const SealedPart> part;  ///< null in the idmap tier
  std::uint32_t segment = 0;               ///< of the part
  std::shared_ptr<Head> head;
};

}  // namespace mlgraph::index
