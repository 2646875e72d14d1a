#pragma once
// Passing over the rows of a shard, offering what is near enough.
#include <cstdint>
#include <optional>

#include "index/distance.h"
#include "index/metadata_columns.h"
#include "index/row_table.h"
#include "index/shard_view.h"
#include "index/top_k.h"

namespace mlgraph::index {

/// One search over one view of a shard. Rows that are dead for who has seen rows below `seen`, or
/// that the filter does not allow, are never offered.
/// Threads    confined to one search; what it is given is borrowed.
class ShardScan {
 public:
  struct Rows {
    const ShardView& view;
    const RowTable& table;
    std::uint32_t shard = 0;
    std::uint32_t seen = 0;
    std::uint32_t dim = 0;
  };
  ShardScan(Rows rows, const Distance& distance, std::optional<Bitmap> allowed, TopK& top)
      : rows_(rows), distance_(distance), allowed_(std::move(allowed)), top_(top) {}

  void head();
  void list(const IvfPart& part, std::uint32_t list);
  /// Each allowed row by itself, wherever it lies: for filters that few rows pass.
  void each_allowed();

  [[nodiscard]] std::uint64_t computed() const { return computed_; }  ///< distances
  /// Rows of the lists that were passed, and those of them that could be hits; counted under a
  /// filter only.
  [[nodiscard]] std::uint64_t passed() const { return passed_; }
  [[nodiscard]] std::uint64_t matched() const { return matched_; }

 private:
  static constexpr std::size_t kBlock = 256;
  static constexpr std::size_t kCachesHold = std::size_t{16}
                                             << 20;  ///< bytes, of a last level's 32 MiB

  /// Distances of `n` rows that lie side by side; `row_of(i)` numbers the i-th.
  template <typename RowOf>
  void block(const float* values, std::size_t n, const Kernels& with, RowOf row_of) {
    float measured[kBlock];
    const bool finite = distance_.measure(values, n, measured, with);
    computed_ += n;
    if (finite) {
      for (std::size_t i = 0; i < n; ++i)
        if (measured[i] <= top_.reach()) offer(static_cast<double>(measured[i]), row_of(i));
    } else {
      for (std::size_t i = 0; i < n; ++i)
        offer(distance_.repaired(measured[i], values + i * rows_.dim), row_of(i));
    }
  }
  // Liveness and the filter are asked only of rows that are near enough to matter.
  void offer(double distance, std::uint32_t row) {
    if (distance > top_.threshold() || (allowed_ && !allowed_->test(row)) || !alive(row)) return;
    top_.offer({distance, rows_.shard, row});
  }
  void offer_alone(const float* values, std::uint32_t row) {
    ++computed_;
    const double distance = distance_.of(values);
    if (distance <= top_.threshold()) top_.offer({distance, rows_.shard, row});
  }
  [[nodiscard]] bool alive(std::uint32_t row) const { return rows_.table.alive(row, rows_.seen); }

  const Rows rows_;
  const Distance& distance_;
  const std::optional<Bitmap> allowed_;
  TopK& top_;
  std::uint64_t computed_ = 0;
  std::uint64_t passed_ = 0;
  std::uint64_t matched_ = 0;
};

}  // namespace mlgraph::index
