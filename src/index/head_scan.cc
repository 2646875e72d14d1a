#include "index/head_scan.h"

#include <algorithm>
#include <array>
#include <vector>

namespace mlgraph::index {
namespace {

constexpr std::size_t kHeadBlock = 256;
constexpr std::size_t kCachesHold = std::size_t{16} << 20;  ///< bytes, of a last level's 32 MiB

// Liveness and the filter are asked only of rows that are near enough to matter.
void offer(const Scope& scope, double distance, std::uint32_t row, TopK& top) {
  if (distance <= top.threshold() && scope.has(row)) top.offer({distance, scope.shard, row});
}

/// A row whose values are on their way from memory.
struct Fetched {
  std::uint32_t row = 0;
  const float* values = nullptr;
};
constexpr std::size_t kRowsAhead = 4;  ///< rows on their way while one is measured

void fetch(const float* values, std::size_t dim) {
  constexpr std::size_t kLineFloats = 16;
  for (std::size_t i = 0; i < dim; i += kLineFloats) __builtin_prefetch(values + i);
}

}  // namespace

std::uint64_t scan_head(const ShardLook& look, const Distance& distance, TopK& top) {
  const Head& head = *look.view->head;
  const std::uint32_t seen = look.scope.seen;
  const std::size_t dim = head.dim();
  const std::size_t rows = seen > head.begin() ? seen - head.begin() : 0;
  const bool streams = rows * dim * sizeof(float) > kCachesHold;
  const Kernels& with = streams ? streaming_kernels() : kernels();
  std::uint64_t computed = 0;
  for (std::uint32_t row = head.begin(); row < seen;) {
    const std::uint32_t chunk = row / Head::kRows;
    const std::uint32_t end = std::min(seen, (chunk + 1) * Head::kRows);
    const float* values = head.chunk(chunk);
    while (values && row < end) {
      const std::size_t n = std::min<std::size_t>(kHeadBlock, end - row);
      const float* block = values + std::size_t{row % Head::kRows} * dim;
      float measured[kHeadBlock];
      const bool finite = distance.measure(block, n, measured, with);
      for (std::uint32_t i = 0; i < n; ++i)
        if (!finite || measured[i] <= top.reach())
          offer(look.scope, distance.repaired(measured[i], block + i * dim), row + i, top);
      computed += n;
      row += static_cast<std::uint32_t>(n);
    }
    row = end;
  }
  return computed;
}

std::uint64_t scan_allowed(const ShardLook& look, const Distance& distance, TopK& top, bool& read) {
  const Head& head = *look.view->head;
  const SealedPart* part = look.view->part.get();
  std::vector<float> scratch(head.dim());
  std::array<Fetched, kRowsAhead> fetched{};
  std::uint64_t computed = 0;
  const auto measure = [&](const Fetched& of) {
    const double measured = distance.of(of.values);
    if (measured <= top.threshold()) top.offer({measured, look.scope.shard, of.row});
  };
  look.allowed->each([&](std::uint32_t row) {
    if (!look.scope.has(row)) return;
    const float* values = nullptr;
    if (row >= head.begin()) {
      values = head.row(row);
    } else if (part) {
      const auto at = part->position_of(look.view->segment, row);
      if (at == SealedPart::kNowhere) return;
      values = part->values.block(at, 1, scratch.data());
      read = read && values;
    }
    if (!values) return;
    if (values == scratch.data()) {
      ++computed;
      return measure({row, values});
    }
    fetch(values, head.dim());
    Fetched& oldest = fetched[computed++ % kRowsAhead];
    if (oldest.values) measure(oldest);
    oldest = {row, values};
  });
  for (const auto& rest : fetched)
    if (rest.values) measure(rest);
  return computed;
}

}  // namespace mlgraph::index
