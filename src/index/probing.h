#pragma once
// Which lists of a sealed part a search looks into: the nearest ones, and how many of them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace mlgraph::index {

class Distance;
struct IvfPart;

/// How many of the nearest lists hold most of a query's nearest rows: measured when the part is
/// made, for a few numbers of rows, and read off between them. More rows lie in more lists, and so
/// do the k nearest of those rows alone that a filter lets pass: where every tenth row matches, its
/// k nearest are about the 10 k nearest of all.
struct ProbeRule {
  static constexpr std::array<std::uint32_t, 5> kNearest = {10, 32, 100, 316, 1'000};
  std::array<std::uint32_t, kNearest.size()> lists{
      1, 1, 1, 1, 1};  ///< for as many rows; never falling
  /// Lists for the `nearest` rows, of `count` lists; between and beyond the measured numbers as a
  /// power of them.
  [[nodiscard]] std::uint32_t lists_for(double nearest, std::size_t count) const;
};

/// The lists of a part that hold rows, nearest to the query first; of equally near ones that with
/// the lesser number. Sorted no further than it is read. Threads: confined to one search.
class ListOrder {
 public:
  ListOrder(const Distance& distance, const IvfPart& part);
  [[nodiscard]] std::size_t size() const { return lists_.size(); }
  [[nodiscard]] std::uint32_t at(std::size_t rank);

 private:
  std::vector<std::pair<double, std::uint32_t>> lists_;
  std::size_t sorted_ = 0;
};

}  // namespace mlgraph::index
