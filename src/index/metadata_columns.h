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
#include "index/bitmap.h"
#include "index/filter.h"
#include "index/number_column.h"
#include "index/row_set.h"

namespace mlgraph::index {

/// Values are kept as 128-bit hashes with the rows that hold them, numbers also in order of size
/// for ranges. An array matches by any of its elements; members of nested objects go by a
/// dotted path. Threads  add: one writer; forget, evaluate: anywhere. Rows that died stay until
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
    std::unordered_map<Hash, RowSet, HashOfHash> rows_by_value;
    NumberColumn numbers;
    RowSet present;
  };
  static Hash hash_of(const Scalar& value);
  void add_value(
      std::uint32_t row, const std::string& path, const base::Json& value, std::size_t depth
  ) MLG_REQUIRES(mutex_);
  void merge_numbers() MLG_EXCLUDES(arranging_, mutex_);
  [[nodiscard]] Bitmap filter_rows(const Filter& filter, std::uint32_t rows) const
      MLG_REQUIRES_SHARED(mutex_);
  [[nodiscard]] Bitmap clause_rows(const Filter::Clause& clause, std::uint32_t rows) const
      MLG_REQUIRES_SHARED(mutex_);
  [[nodiscard]] Bitmap condition_rows(const Condition& condition, std::uint32_t rows) const
      MLG_REQUIRES_SHARED(mutex_);

  std::atomic<std::uint64_t> forgotten_{0};
  base::Mutex arranging_;  ///< before mutex_: between a merge and its place nothing is forgotten
  mutable base::SharedMutex mutex_;
  std::map<std::string, Column, std::less<>> columns_ MLG_GUARDED_BY(mutex_);
  std::vector<NumberColumn*> due_;  ///< the writer's own: columns with many new numbers
};

}  // namespace mlgraph::index
