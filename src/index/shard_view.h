#pragma once
#include <memory>

#include "index/head.h"
#include "index/ivf_part.h"

namespace mlgraph::index {

/// What a search sees of a shard: swapped whole.
struct ShardView {
  std::shared_ptr<const IvfPart> part;  ///< null in the idmap tier
  std::shared_ptr<Head> head;
};

}  // namespace mlgraph::index
