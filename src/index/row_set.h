#pragma once
// The rows that hold one value: a list where they lie far apart, one bit a row where they lie
// close.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "index/bitmap.h"

namespace mlgraph::index {

/// Rising row numbers, each once. Where half of all rows hold the value it costs two bits for each
/// of them, and is put into a bitmap word by word.
/// Threads  as its owner says.
class RowSet {
 public:
  /// pre  `row` is not below one added before; the last one may come again.
  void add(std::uint32_t row);
  void unite_into(Bitmap& bitmap) const;
  void erase_if(const std::function<bool(std::uint32_t row)>& is_gone);
  [[nodiscard]] bool empty() const { return newest_.empty() && !settled_; }

 private:
  /// Either of the two.
  struct Piece {
    std::vector<std::uint32_t> rows;
    std::vector<std::uint64_t> words;
    std::size_t first_word = 0;  ///< whose first bit is row 64 * first_word
  };
  void settle();

  std::vector<std::uint32_t> newest_;
  std::unique_ptr<std::vector<Piece>> settled_;  ///< none, or some: most sets stay small
};

}  // namespace mlgraph::index
