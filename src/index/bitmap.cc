#include "index/bitmap.h"

#include <algorithm>
#include <bit>

namespace mlgraph::index {

void Bitmap::intersect(const Bitmap& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
}
void Bitmap::unite(const Bitmap& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}
void Bitmap::subtract(const Bitmap& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
}

void Bitmap::unite(std::size_t first_word, std::span<const std::uint64_t> words) {
  if (first_word >= words_.size()) return;
  const std::size_t n = std::min(words.size(), words_.size() - first_word);
  for (std::size_t i = 0; i < n; ++i) words_[first_word + i] |= words[i];
  clear_beyond();
}

std::uint64_t Bitmap::count() const {
  std::uint64_t sum = 0;
  for (const auto word : words_) sum += static_cast<std::uint64_t>(std::popcount(word));
  return sum;
}

}  // namespace mlgraph::index
