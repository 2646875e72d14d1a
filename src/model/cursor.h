#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlgraph::model {

/// A position in the one ordered log; on the wire "<epoch>-<seq>". Position 0 is before the first
/// event.
struct Cursor {
  std::string epoch;      ///< [0-9a-z]{1,32}; names one history, survives restarts
  std::uint64_t seq = 0;  ///< rises by one per durable event, from 1
  bool operator==(const Cursor&) const = default;
};

[[nodiscard]] std::string format_cursor(const Cursor& cursor);
[[nodiscard]] std::optional<Cursor> parse_cursor(std::string_view text);

}  // namespace mlgraph::model
