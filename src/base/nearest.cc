#include "base/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mlgraph::base {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] != b[j] ? 1 : 0);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const std::string& nearest(std::string_view word, const std::vector<std::string>& known) {
  return *std::min_element(
      known.begin(),
      known.end(),
      [&](const std::string& a, const std::string& b) {
        return edit_distance(a, word) < edit_distance(b, word);
      }
  );
}

}  // namespace mlgraph::base
