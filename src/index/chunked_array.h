#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace mlgraph::index {

/// An array that grows by chunks and never moves: readers go on without a lock while one writer
/// adds. Invariant  an element may be read once the writer has published its position by a release
/// that the reader acquired. Threads    one writer; readers anywhere. Elements below a hole of
/// unwritten chunks read as absent.
template <typename T>
class ChunkedArray {
 public:
  static constexpr std::size_t kChunk = 1'024;
  static constexpr std::size_t kChunksPerBlock = 1'024;
  static constexpr std::size_t kBlocks = 4'096;  ///< 2^32 elements in all

  ChunkedArray() = default;
  ~ChunkedArray() {
    for (auto& slot : blocks_) {
      Block* block = slot.load(std::memory_order_relaxed);
      if (!block) continue;
      for (auto& chunk : block->chunks) delete[] chunk.load(std::memory_order_relaxed);
      delete block;
    }
  }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  /// The element, its chunk made (value-initialised) when absent. Writer only.
  T& grow(std::uint32_t at) {
    auto& block_slot = blocks_[at / (kChunk * kChunksPerBlock)];
    Block* block = block_slot.load(std::memory_order_relaxed);
    if (!block) {
      block = new Block();
      block_slot.store(block, std::memory_order_release);
    }
    auto& chunk_slot = block->chunks[at / kChunk % kChunksPerBlock];
    T* chunk = chunk_slot.load(std::memory_order_relaxed);
    if (!chunk) {
      chunk = new T[kChunk]();
      chunk_slot.store(chunk, std::memory_order_release);
    }
    return chunk[at % kChunk];
  }
  /// nullptr where nothing was written.
  [[nodiscard]] T* find(std::uint32_t at) const {
    const Block* block = blocks_[at / (kChunk * kChunksPerBlock)].load(std::memory_order_acquire);
    if (!block) return nullptr;
    T* chunk = block->chunks[at / kChunk % kChunksPerBlock].load(std::memory_order_acquire);
    return chunk ? chunk + at % kChunk : nullptr;
  }

 private:
  struct Block {
    std::array<std::atomic<T*>, kChunksPerBlock> chunks{};
  };
  std::array<std::atomic<Block*>, kBlocks> blocks_{};
};

}  // namespace mlgraph::index
