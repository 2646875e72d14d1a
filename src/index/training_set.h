#pragma once
// The rows that a sealed part is made of.
#include <cstdint>
#include <memory>
#include <vector>

#include "index/shard_view.h"

namespace mlgraph::index {

/// Rows by their place in the set, whether their values are in memory or on disk.
/// Lifetime   holds the views that the values lie in.
/// Threads    immutable once collected; reading blocks where rows are on disk.
struct TrainingSet {
  std::uint32_t dim = 0;
  model::Metric metric = model::Metric::kL2;
  std::vector<std::uint32_t> shards;                    ///< [segments]
  std::vector<std::uint32_t> rows_upto;                 ///< [segments]
  std::vector<std::shared_ptr<const ShardView>> views;  ///< [segments]

  struct Row {
    std::uint32_t number = 0;
    std::uint32_t position = SealedPart::kNowhere;  ///< in its view's part; kNowhere: in the head
    std::uint8_t segment = 0;
  };
  std::vector<Row> rows;

  [[nodiscard]] std::size_t size() const { return rows.size(); }
  /// [dim] values (normalised for COSINE), where they are or read into `scratch`; nullptr when the
  /// disk did not give them.
  [[nodiscard]] const float* values(std::size_t at, float* scratch) const {
    const Row& row = rows[at];
    const ShardView& view = *views[row.segment];
    return row.position == SealedPart::kNowhere ? view.head->row(row.number)
                                                : view.part->values.block(row.position, 1, scratch);
  }
};

}  // namespace mlgraph::index
