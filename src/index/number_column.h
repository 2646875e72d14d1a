#pragma once
// The numbers that rows hold under one key, in order of size: for ranges.
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "index/bitmap.h"
#include "index/filter.h"

namespace mlgraph::index {

/// A log-structured column: the newest numbers as they came, the others in sorted runs, each more
/// than twice as long as the next. A long run also keeps, at up to every 32nd part of it, the
/// bitmap of the rows below, so that a range is the difference of two bitmaps and some rows at its
/// ends. 16 bytes a number, at most 24 in long runs. Threads  as its owner says; `merged` may run
/// beside `unite_range`.
class NumberColumn {
 public:
  void add(double number, std::uint32_t row) { newest_.emplace_back(number, row); }
  void unite_range(const Condition::Range& range, Bitmap& bitmap) const;
  void erase_if(const std::function<bool(std::uint32_t row)>& is_gone);

  struct Run {
    std::vector<std::pair<double, std::uint32_t>> numbers;  ///< rising
    std::vector<std::vector<std::uint64_t>> below;  ///< [i]: rows of the first i * step numbers
    std::size_t first_word = 0;                     ///< of each bitmap
    std::size_t step = 0;                           ///< 0: no bitmaps
  };
  struct Merged {
    Run run;
    std::size_t runs = 0;    ///< that it stands for, the last ones
    std::size_t newest = 0;  ///< and so many of the newest numbers
  };
  /// Enough new numbers that a range over them costs something.
  [[nodiscard]] bool is_due() const { return newest_.size() >= kNewestMax; }
  [[nodiscard]] Merged merged() const;
  /// pre  `merged` was made of this column, and nothing was erased since.
  void install(Merged merged);

 private:
  static constexpr std::size_t kNewestMax = 4'096;
  std::vector<Run> runs_;
  std::vector<std::pair<double, std::uint32_t>> newest_;
};

}  // namespace mlgraph::index
