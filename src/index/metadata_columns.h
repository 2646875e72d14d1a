#pragma once
// Metadata as filters see it: for each key, which rows hold which value.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/mutex.h"
#include "index/filter.h"

namespace mlgraph::index {

/// One bit a row.
class Bitmap {
 public:
  explicit Bitmap(std::uint32_t rows, bool all = false)
      : rows_(rows), words_((rows + 63) / 64, all ? ~std::uint64_t{0} : 0) {
    if (all && rows % 64 != 0) words_.back() = (std::uint64_t{1} << rows % 64) - 1;
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
  std::uint32_t rows_;
  std::vector<std::uint64_t> words_;
};

/// Values are kept as 128-bit hashes with the ascending rows that hold them, numbers also as a
/// column for ranges. An array matches by any of its elements; members of nested objects go by a
/// dotted path. Threads  add, forget: one writer; evaluate: anywhere. Rows that died stay until
/// they are forgotten.
class MetadataColumns {
 public:
  static constexpr std::size_t kKeysMax =
      4'096;  ///< further keys are stored but cannot be filtered by
  void add(std::uint32_t row, const base::Json& metadata);
  /// Rows that `is_dead` holds for match nothing from here on.
  void forget(const std::function<bool(std::uint32_t row)>& is_dead);
  /// How often rows were forgotten.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_.load(); }
  /// Rows below `rows` that match, dead ones included.
  [[nodiscard]] Bitmap evaluate(const Filter& filter, std::uint32_t rows) const;

 private:
  using Hash = std::array<std::uint64_t, 2>;
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const { return hash[0]; }
  };
  struct Column {
    std::unordered_map<Hash, std::vector<std::uint32_t>, HashOfHash> rows_by_value;
    std::vector<std::pair<double, std::uint32_t>> numbers;
    std::vector<std::uint32_t> present;
  };
  static Hash hash_of(const Scalar& value);
  void add_value(
      std::uint32_t row, const std::string& path, const base::Json& value, std::size_t depth
  ) MLG_REQUIRES(mutex_);
  [[nodiscard]] Bitmap filter_rows(const Filter& filter, std::uint32_t rows) const
      MLG_REQUIRES_SHARED(mutex_);
  [[nodiscard]] Bitmap clause_rows(const Filter::Clause& clause, std::uint32_t rows) const
      MLG_REQUIRES_SHARED(mutex_);
  [[nodiscard]] Bitmap condition_rows(const Condition& condition, std::uint32_t rows) const
      MLG_REQUIRES_SHARED(mutex_);

  std::atomic<std::uint64_t> forgotten_{0};
  mutable base::SharedMutex mutex_;
  std::map<std::string, Column, std::less<>> columns_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::index
