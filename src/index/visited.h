#pragma once
#include <cstdint>
#include <vector>

namespace mlgraph::index {

/// Which vertices a search has come to. One bit each, so that it stays in the cache where a counter
/// each would not; cleared by its own trail.
/// Threads    confined; kept and used again by its thread.
class Visited {
 public:
  void begin(std::size_t n) {
    for (const auto word : touched_) words_[word] = 0;
    touched_.clear();
    if (words_.size() < (n + 63) / 64) words_.resize((n + 63) / 64, 0);
  }
  /// Whether `at` is new.
  bool visit(std::uint32_t at) {
    std::uint64_t& word = words_[at / 64];
    const std::uint64_t bit = std::uint64_t{1} << at % 64;
    if (word & bit) return false;
    if (word == 0) touched_.push_back(at / 64);
    word |= bit;
    return true;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> touched_;
};

}  // namespace mlgraph::index
