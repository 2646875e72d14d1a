#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace mlgraph::cli {

/// Columns of a terminal that UTF-8 text takes, without escape sequences: one a code point.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Cut to `width` columns, the last of which says so (…).
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);
/// `text` with blanks up to `width` columns, before it or behind it.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width, bool right = false);

/// Rows in columns as wide as their widest cell.
class Table {
 public:
  /// A title that begins with '>' stands right, as its column's cells do.
  explicit Table(std::vector<std::string> titles);
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(const Terminal& terminal) const;

 private:
  struct Column {
    std::string title;
    bool right = false;
    std::size_t width = 0;
  };
  [[nodiscard]] std::string line(const std::vector<std::string>& cells) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mlgraph::cli
