#pragma once
// Searching shards: their heads one by one, their sealed parts once each.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/error.h"
#include "index/shard_view.h"

namespace mlgraph::index {

class Shard;

struct ScanRequest {
  model::Metric metric = model::Metric::kL2;
  std::span<const float> query;  ///< [dim], normalised for COSINE
  std::size_t k = 10;
  std::optional<std::uint32_t> nprobe;  ///< just as many lists; none: as calibrated
  std::optional<std::uint32_t> ef;      ///< just as many near vertices; none: as calibrated
  bool exact = false;
  const Filter* filter = nullptr;
};

/// One shard as one search sees it.
struct ShardLook {
  std::shared_ptr<const ShardView> view;
  Scope scope;
  std::optional<Bitmap> allowed;  ///< rows that match; none: no filter
  std::uint64_t matches = 0;      ///< their number, dead ones included
  std::uint64_t live = 0;         ///< rows
  std::uint64_t dead = 0;         ///< that still take a place
};

/// Offers the nearest rows of `shards` to `top`; returns how many distances were computed.
/// errors  kInternal: the disk did not give the rows that lie there.
[[nodiscard]] base::Result<std::uint64_t> search_shards(
    std::span<const Shard* const> shards, const ScanRequest& request, TopK& top
);

}  // namespace mlgraph::index
