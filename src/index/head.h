#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "index/chunked_array.h"

namespace mlgraph::index {

/// The mutable part of a shard: rows as they were written, flat and exact.
/// Invariant  rows below published() are whole; readers scan them while later ones are written.
/// Threads    append, publish: the shard's writer. Reading: anywhere.
/// Lifetime   a move to a sealed part makes a new head that shares the chunks still needed;
/// searches that began on the
///            old one keep it alive.
class Head {
 public:
  static constexpr std::uint32_t kRows = 1'024;  ///< rows a chunk
  using Chunk = std::shared_ptr<float[]>;

  Head(std::uint32_t dim, std::uint32_t begin) : dim_(dim), begin_(begin), published_(begin) {}
  /// What of `old` is not in the sealed part yet.
  Head(const Head& old, std::uint32_t begin)
      : dim_(old.dim_), begin_(begin), published_(old.published()) {
    for (std::uint32_t chunk = begin / kRows; chunk * kRows < published(); ++chunk)
      if (const auto* kept = old.chunks_.find(chunk); kept && *kept) chunks_.grow(chunk) = *kept;
  }
  Head& operator=(const Head&) = delete;

  /// Where row `row` is written; rows skipped over stay absent.
  [[nodiscard]] std::span<float> slot(std::uint32_t row) {
    Chunk& chunk = chunks_.grow(row / kRows);
    if (!chunk) chunk = Chunk(new float[std::size_t{kRows} * dim_]);
    return {chunk.get() + std::size_t{row % kRows} * dim_, dim_};
  }
  /// Before it is shared: rows of this chunk become absent.
  void drop(std::uint32_t chunk) { chunks_.grow(chunk) = nullptr; }
  void publish(std::uint32_t end) { published_.store(end, std::memory_order_release); }

  [[nodiscard]] std::uint32_t dim() const { return dim_; }
  [[nodiscard]] std::uint32_t begin() const { return begin_; }
  [[nodiscard]] std::uint32_t published() const {
    return published_.load(std::memory_order_acquire);
  }
  /// Values of rows [chunk*kRows, …), or nullptr when nothing was written there.
  [[nodiscard]] const float* chunk(std::uint32_t chunk) const {
    const Chunk* found = chunks_.find(chunk);
    return found ? found->get() : nullptr;
  }
  [[nodiscard]] const float* row(std::uint32_t row) const {
    const float* values = chunk(row / kRows);
    return values ? values + std::size_t{row % kRows} * dim_ : nullptr;
  }

 private:
  const std::uint32_t dim_;
  const std::uint32_t begin_;
  ChunkedArray<Chunk> chunks_;  ///< by row / kRows
  std::atomic<std::uint32_t> published_;
};

}  // namespace mlgraph::index
