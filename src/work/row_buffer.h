#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/engine.h"

namespace mlgraph::work {

/// Rows read but not written yet: one block of values, ids and metadata packed beside it. Reused
/// batch after batch. Threads: confined.
class RowBuffer {
 public:
  explicit RowBuffer(std::uint32_t dimension) : dimension_(dimension) {}
  void clear();
  /// Where the next row's values go: [dim]. keep() makes the row one of the buffer, or it is
  /// overwritten.
  [[nodiscard]] std::span<float> next_values();
  /// `row` is its number in the file, for error texts.
  void keep(std::string_view id, std::string_view metadata, std::uint64_t row);
  /// Removes the row at `at`; the order of the others stays.
  void drop(std::size_t at);

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] std::uint64_t row_number(std::size_t at) const { return rows_[at].number; }
  [[nodiscard]] std::size_t bytes() const { return values_.size() * sizeof(float) + text_.size(); }
  [[nodiscard]] std::uint32_t dimension() const { return dimension_; }
  /// Valid until the next change.
  [[nodiscard]] index::RowsView view();
  /// One row alone.
  [[nodiscard]] index::RowsView view_of(std::size_t at);

 private:
  struct Row {
    std::size_t id_at, id_size, metadata_at, metadata_size;
    std::uint64_t number;
  };
  const std::uint32_t dimension_;
  std::vector<float> values_;
  std::string text_;
  std::vector<Row> rows_;
  std::vector<std::string_view> ids_;
  std::vector<std::string_view> metadata_;
};

}  // namespace mlgraph::work
