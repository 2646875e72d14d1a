#include "index/number_column.h"

#include <algorithm>
#include <span>

namespace mlgraph::index {
namespace {

using Number = std::pair<double, std::uint32_t>;

constexpr std::size_t kLongRun = 65'536;
constexpr std::size_t kBitmapsMax = 32;
constexpr std::size_t kFewestSteps = 4;  ///< fewer leave the rows at the ends to be most of it

bool is_within(const Condition::Range& range, double number) {
  return !(range.gt && !(number > *range.gt)) && !(range.gte && !(number >= *range.gte)) &&
         !(range.lt && !(number < *range.lt)) && !(range.lte && !(number <= *range.lte));
}

/// Places in `numbers` of the first one in the range and the first one past it.
std::pair<std::size_t, std::size_t> places(
    const Condition::Range& range, std::span<const Number> numbers
) {
  const auto first = std::partition_point(numbers.begin(), numbers.end(), [&](const Number& each) {
    return (range.gt && !(each.first > *range.gt)) || (range.gte && !(each.first >= *range.gte));
  });
  const auto end = std::partition_point(first, numbers.end(), [&](const Number& each) {
    return is_within({{}, {}, range.lt, range.lte}, each.first);
  });
  return {first - numbers.begin(), end - numbers.begin()};
}

/// Only where each row holds one number: a row with a number below the range and one in it would
/// be lost by the difference.
void keep_bitmaps(NumberColumn::Run& run) {
  if (run.numbers.size() < kLongRun) return;
  const auto [first, last] =
      std::minmax_element(run.numbers.begin(), run.numbers.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
      });
  run.first_word = first->second / 64;
  const std::size_t words = last->second / 64 + 1 - run.first_word;
  // All bitmaps together take half of what the numbers do: fewer where rows lie far apart.
  const std::size_t steps = std::min(kBitmapsMax, run.numbers.size() / words);
  if (steps < kFewestSteps) return;
  const std::size_t step = run.numbers.size() / steps;
  std::vector<std::uint64_t> below(words);
  for (std::size_t i = 0; i < run.numbers.size(); ++i) {
    if (i % step == 0) run.below.push_back(below);
    auto& word = below[run.numbers[i].second / 64 - run.first_word];
    const std::uint64_t bit = std::uint64_t{1} << run.numbers[i].second % 64;
    if ((word & bit) != 0) {
      run.below.clear();
      return;
    }
    word |= bit;
  }
  run.step = step;
}

void unite_between(
    const NumberColumn::Run& run, std::size_t first, std::size_t end, Bitmap& bitmap
) {
  const auto unite_each = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) bitmap.set(run.numbers[i].second);
  };
  if (run.step == 0) return unite_each(first, end);
  const std::size_t from = (first + run.step - 1) / run.step;
  const std::size_t to = std::min(end / run.step, run.below.size() - 1);
  if (from >= to) return unite_each(first, end);
  std::vector<std::uint64_t> words = run.below[to];
  for (std::size_t i = 0; i < words.size(); ++i) words[i] &= ~run.below[from][i];
  bitmap.unite(run.first_word, words);
  unite_each(first, from * run.step);
  unite_each(to * run.step, end);
}

}  // namespace

void NumberColumn::unite_range(const Condition::Range& range, Bitmap& bitmap) const {
  for (const auto& run : runs_) {
    const auto [first, end] = places(range, run.numbers);
    unite_between(run, first, end, bitmap);
  }
  for (const auto& [number, row] : newest_)
    if (is_within(range, number)) bitmap.set(row);
}

NumberColumn::Merged NumberColumn::merged() const {
  Merged merged;
  auto& numbers = merged.run.numbers;
  numbers = newest_;
  merged.newest = newest_.size();
  std::sort(numbers.begin(), numbers.end());
  for (auto run = runs_.rbegin(); run != runs_.rend() && run->numbers.size() <= 2 * numbers.size();
       ++run) {
    const auto middle = static_cast<std::ptrdiff_t>(numbers.size());
    numbers.insert(numbers.end(), run->numbers.begin(), run->numbers.end());
    std::inplace_merge(numbers.begin(), numbers.begin() + middle, numbers.end());
    ++merged.runs;
  }
  keep_bitmaps(merged.run);
  return merged;
}

void NumberColumn::install(Merged merged) {
  runs_.resize(runs_.size() - merged.runs);
  runs_.push_back(std::move(merged.run));
  newest_.erase(newest_.begin(), newest_.begin() + static_cast<std::ptrdiff_t>(merged.newest));
}

void NumberColumn::erase_if(const std::function<bool(std::uint32_t row)>& is_gone) {
  const auto erase = [&](std::vector<Number>& numbers) {
    std::erase_if(numbers, [&](const Number& each) { return is_gone(each.second); });
  };
  erase(newest_);
  for (auto& run : runs_) {
    erase(run.numbers);
    run = {std::move(run.numbers), {}, 0, 0};
    keep_bitmaps(run);
  }
  std::erase_if(runs_, [](const Run& run) { return run.numbers.empty(); });
}

}  // namespace mlgraph::index
