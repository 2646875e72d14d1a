// Filters against metadata, held against asking each row by itself.
#include "index/metadata_columns.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/seed.h"

namespace mlgraph::index {
namespace {

base::Json json(const std::string& text) {
  auto parsed = base::parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return *parsed;
}

Filter filter(const std::string& text) {
  auto parsed = parse_filter(json(text));
  EXPECT_TRUE(parsed) << text;
  return std::move(*parsed);
}

/// What one row holds, and which columns it makes.
struct Row {
  std::vector<int> numbers;
  int kind = 0;
  bool tagged = false;
  [[nodiscard]] std::string text() const {
    const std::string n = numbers.size() == 1 ? std::to_string(numbers[0])
                                              : fmt::format("[{}]", fmt::join(numbers, ","));
    return fmt::format(R"({{"n":{},"kind":"k{}"{}}})", n, kind, tagged ? R"(,"tag":true)" : "");
  }
};

class Columns {
 public:
  /// `arrays`: one row in so many holds several numbers; 0: none does.
  Columns(std::uint64_t seed, std::uint32_t rows, int arrays) : dice_(seed) {
    for (std::uint32_t i = 0; i < rows; ++i) {
      Row row{{pick(0, 9'999)}, 0, pick(0, 9) == 0};
      while (row.kind < 20 && pick(0, 1) == 0) ++row.kind;  // half of all rows, a quarter, …
      if (arrays != 0 && pick(1, arrays) == 1)
        row.numbers = {pick(0, 99), pick(9'900, 9'999), 7, 7};
      columns_.add(i, json(row.text()));
      rows_.push_back(std::move(row));
    }
  }

  void expect_ranges(int n) {
    for (int i = 0; i < n; ++i) {
      const int low = pick(-10, 10'010);
      const int high = pick(low, 10'010);
      expect_matches(
          fmt::format(R"({{"must":[{{"key":"n","range":{{"gte":{},"lt":{}}}}}]}})", low, high),
          [&](const Row& row) {
            return std::any_of(row.numbers.begin(), row.numbers.end(), [&](int number) {
              return number >= low && number < high;
            });
          }
      );
    }
    expect_matches(R"({"must":[{"key":"n","range":{"gt":5000,"lte":5001}}]})", [](const Row& row) {
      return std::find(row.numbers.begin(), row.numbers.end(), 5001) != row.numbers.end();
    });
  }

  void expect_values() {
    for (int kind = 0; kind <= 20; ++kind)
      expect_matches(
          fmt::format(R"({{"must":[{{"key":"kind","match":"k{}"}}]}})", kind),
          [&](const Row& row) { return row.kind == kind; }
      );
    expect_matches(R"({"must_not":[{"key":"kind","any":["k0","k3"]}]})", [](const Row& row) {
      return row.kind != 0 && row.kind != 3;
    });
    expect_matches(R"({"must":[{"key":"tag","exists":true}]})", [](const Row& row) {
      return row.tagged;
    });
    expect_matches(R"({"must":[{"key":"tag","exists":false}]})", [](const Row& row) {
      return !row.tagged;
    });
  }

  void forget_most() {
    dead_.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) dead_[i] = pick(0, 2) != 0;
    columns_.forget([&](std::uint32_t row) { return dead_[row]; });
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution(from, to)(dice_); }

  /// For all rows, and for a search that began when there were fewer.
  template <typename Matches>
  void expect_matches(const std::string& text, Matches matches) {
    const auto all = static_cast<std::uint32_t>(rows_.size());
    for (const std::uint32_t seen : {all, all / 3 + 5}) {
      const Bitmap found = columns_.evaluate(filter(text), seen);
      std::uint64_t expected = 0;
      for (std::uint32_t i = 0; i < seen; ++i) {
        if (!dead_.empty() && dead_[i]) continue;
        expected += matches(rows_[i]) ? 1 : 0;
        ASSERT_EQ(found.test(i), matches(rows_[i])) << text << " row " << i << rows_[i].text();
      }
      ASSERT_FALSE(found.test(seen));
      if (dead_.empty()) {
        ASSERT_EQ(found.count(), expected) << text;
      }
    }
  }

  std::mt19937_64 dice_;
  MetadataColumns columns_;
  std::vector<Row> rows_;
  std::vector<bool> dead_;
};

void follow(std::uint32_t rows, int arrays) {
  const std::uint64_t seed = testing::seed();
  SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
  Columns columns(seed, rows, arrays);
  columns.expect_ranges(30);
  columns.expect_values();
  columns.forget_most();
  columns.expect_ranges(30);
  columns.expect_values();
}

TEST(MetadataColumns, AFewRowsMatchAsEachByItself) { follow(3'000, 5); }
TEST(MetadataColumns, NumbersOfManyRowsAreInLongRuns) { follow(150'000, 0); }
TEST(MetadataColumns, ARowWithSeveralNumbersIsInEveryRangeOfOne) { follow(150'000, 1'000); }

TEST(MetadataColumns, NumbersOfRowsThatLieFarApart) {
  constexpr std::uint32_t kNumbers = 80'000;
  for (const std::uint32_t apart : {3U, 9U, 70U}) {  // a bitmap at many parts, at few, at none
    MetadataColumns columns;
    for (std::uint32_t i = 0; i < kNumbers; ++i)
      columns.add(i * apart, json(fmt::format(R"({{"n":{}}})", i * 7 % 1'000)));
    const auto found = columns.evaluate(
        filter(R"({"must":[{"key":"n","range":{"gt":99,"lt":700}}]})"), kNumbers * apart
    );
    for (std::uint32_t i = 0; i < kNumbers; ++i)
      ASSERT_EQ(found.test(i * apart), i * 7 % 1'000 >= 100 && i * 7 % 1'000 < 700) << i;
    ASSERT_EQ(found.count(), std::uint64_t{kNumbers} * 600 / 1'000);
  }
}

// A compaction that ends while rows are written: long merges lie on both sides of it.
TEST(MetadataColumns, RowsAreForgottenWhileOthersAreAdded) {
  constexpr std::uint32_t kRowsAdded = 100'000;
  MetadataColumns columns;
  std::atomic<std::uint32_t> added{0};
  std::thread forgetting([&] {
    std::uint32_t seen = 0;
    while (seen < kRowsAdded) {
      const std::uint32_t before = seen;
      while (seen < std::min(before + 1'000, kRowsAdded)) seen = added;
      columns.forget([&](std::uint32_t row) { return row < seen && row % 3 == 0; });
    }
  });
  for (std::uint32_t row = 0; row < kRowsAdded; ++row) {
    columns.add(row, json(fmt::format(R"({{"n":{}}})", row % 1'000)));
    added = row + 1;
  }
  forgetting.join();
  columns.forget([](std::uint32_t row) { return row % 3 == 0; });
  const auto found = columns.evaluate(
      filter(R"({"must":[{"key":"n","range":{"gte":100,"lt":700}}]})"), kRowsAdded
  );
  for (std::uint32_t row = 0; row < kRowsAdded; ++row)
    ASSERT_EQ(found.test(row), row % 3 != 0 && row % 1'000 >= 100 && row % 1'000 < 700) << row;
}

}  // namespace
}  // namespace mlgraph::index
