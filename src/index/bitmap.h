#pragma once
// One bit a row: what a filter lets pass.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mlgraph::index {

/// A fixed number of rows; what is said of rows beyond them is passed over.
class Bitmap {
 public:
  explicit Bitmap(std::uint32_t rows, bool all = false)
      : rows_(rows), words_((std::size_t{rows} + 63) / 64, all ? ~std::uint64_t{0} : 0) {
    clear_beyond();
  }
  void set(std::uint32_t row) {
    if (row < rows_) words_[row / 64] |= std::uint64_t{1} << row % 64;
  }
  [[nodiscard]] bool test(std::uint32_t row) const {
    return row < rows_ && (words_[row / 64] >> row % 64 & 1) != 0;
  }
  void intersect(const Bitmap& other);
  void unite(const Bitmap& other);
  void subtract(const Bitmap& other);
  /// Sets what is set in `words`, whose first bit is row 64 * `first_word`.
  void unite(std::size_t first_word, std::span<const std::uint64_t> words);
  [[nodiscard]] std::uint64_t count() const;
  /// Calls `visit(row)` in rising order.
  template <typename Visit>
  void each(Visit&& visit) const {
    for (std::size_t word = 0; word < words_.size(); ++word)
      for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1)
        visit(
            static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits)))
        );
  }

 private:
  void clear_beyond() {
    if (rows_ % 64 != 0) words_.back() &= (std::uint64_t{1} << rows_ % 64) - 1;
  }

  std::uint32_t rows_;
  std::vector<std::uint64_t> words_;
};

}  // namespace mlgraph::index
