#include "index/row_set.h"

namespace mlgraph::index {
namespace {

constexpr std::size_t kPieceRows = 1'024;
constexpr std::size_t kBitsARow = 32;  ///< a piece with more of them for each of its rows is a list

}  // namespace

void RowSet::add(std::uint32_t row) {
  if (!newest_.empty() && newest_.back() == row) return;
  // Settled before, not after: the last row is still here when it comes again.
  if (newest_.size() >= kPieceRows) settle();
  newest_.push_back(row);
}

void RowSet::settle() {
  if (!settled_) settled_ = std::make_unique<std::vector<Piece>>();
  Piece piece;
  const std::size_t first_word = newest_.front() / 64;
  const std::size_t words = newest_.back() / 64 + 1 - first_word;
  if (words * 64 <= newest_.size() * kBitsARow) {
    piece.first_word = first_word;
    piece.words.resize(words);
    for (const auto row : newest_)
      piece.words[row / 64 - first_word] |= std::uint64_t{1} << row % 64;
  } else {
    piece.rows = newest_;
  }
  settled_->push_back(std::move(piece));
  newest_.clear();
}

void RowSet::unite_into(Bitmap& bitmap) const {
  if (settled_)
    for (const auto& piece : *settled_) {
      for (const auto row : piece.rows) bitmap.set(row);
      bitmap.unite(piece.first_word, piece.words);
    }
  for (const auto row : newest_) bitmap.set(row);
}

void RowSet::erase_if(const std::function<bool(std::uint32_t row)>& is_gone) {
  std::erase_if(newest_, is_gone);
  if (!settled_) return;
  for (auto& piece : *settled_) {
    std::erase_if(piece.rows, is_gone);
    for (std::size_t word = 0; word < piece.words.size(); ++word)
      for (std::uint64_t bits = piece.words[word]; bits != 0; bits &= bits - 1) {
        const auto bit = static_cast<std::uint32_t>(__builtin_ctzll(bits));
        const auto row = static_cast<std::uint32_t>((piece.first_word + word) * 64) + bit;
        if (is_gone(row)) piece.words[word] &= ~(std::uint64_t{1} << bit);
      }
  }
  std::erase_if(*settled_, [](const Piece& piece) {
    for (const auto word : piece.words)
      if (word != 0) return false;
    return piece.rows.empty();
  });
  if (settled_->empty()) settled_.reset();
}

}  // namespace mlgraph::index
