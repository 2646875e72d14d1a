#include "model/cursor.h"

#include <algorithm>

namespace mlgraph::model {

std::string format_cursor(const Cursor& cursor) {
  return cursor.epoch + "-" + std::to_string(cursor.seq);
}

std::optional<Cursor> parse_cursor(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0 || dash > 32) return std::nullopt;
  const auto epoch = text.substr(0, dash);
  const auto digits = text.substr(dash + 1);
  if (!std::all_of(epoch.begin(), epoch.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      }))
    return std::nullopt;
  Cursor cursor{std::string(epoch), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), cursor.seq);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return cursor;
}

}  // namespace mlgraph::model
