#include "index/shard_scan.h"

#include <algorithm>

namespace mlgraph::index {

void ShardScan::head() {
  const Head& head = *rows_.view.head;
  const std::size_t rows = rows_.seen > head.begin() ? rows_.seen - head.begin() : 0;
  const bool streams = rows * rows_.dim * sizeof(float) > kCachesHold;
  const Kernels& with = streams ? streaming_kernels() : kernels();
  for (std::uint32_t row = head.begin(); row < rows_.seen;) {
    const std::uint32_t chunk = row / Head::kRows;
    const std::uint32_t end = std::min(rows_.seen, (chunk + 1) * Head::kRows);
    const float* values = head.chunk(chunk);
    for (; values && row < end;) {
      const std::size_t n = std::min<std::size_t>(kBlock, end - row);
      block(values + std::size_t{row % Head::kRows} * rows_.dim, n, with, [row](std::size_t i) {
        return row + static_cast<std::uint32_t>(i);
      });
      row += static_cast<std::uint32_t>(n);
    }
    row = end;
  }
}

void ShardScan::list(const IvfPart& part, std::uint32_t list) {
  const std::uint64_t end = part.offsets[list + 1];
  if (!allowed_) {
    for (std::uint64_t at = part.offsets[list]; at < end;) {
      const auto n = std::min<std::uint64_t>(kBlock, end - at);
      block(part.values.data() + at * rows_.dim, n, kernels(), [&](std::size_t i) {
        return part.rows[at + i];
      });
      at += n;
    }
    return;
  }
  // A bit costs less than a distance: rows that do not match are not measured.
  for (std::uint64_t at = part.offsets[list]; at < end; ++at) {
    const std::uint32_t row = part.rows[at];
    ++passed_;
    if (!allowed_->test(row) || !alive(row)) continue;
    ++matched_;
    offer_alone(part.values.data() + at * rows_.dim, row);
  }
}

void ShardScan::each_allowed() {
  const Head& head = *rows_.view.head;
  const IvfPart* part = rows_.view.part.get();
  allowed_->each([&](std::uint32_t row) {
    const float* values = row < head.begin() ? (part ? part->row(row) : nullptr) : head.row(row);
    if (values && alive(row)) offer_alone(values, row);
  });
}

}  // namespace mlgraph::index
