#pragma once
// Where a JSON text went wrong, and what can still be read of it. For texts that a parser has
// refused: loose, linear, and never trusted beyond a message.
#include <cstddef>
#include <optional>
#include <string_view>

namespace mlgraph::base {

/// The byte that opens the level beyond `depth_max`.
[[nodiscard]] std::optional<std::size_t> place_of_depth(
    std::string_view text, std::size_t depth_max
);

/// The byte where the first number begins that neither 64-bit integers nor doubles can hold.
[[nodiscard]] std::optional<std::size_t> place_of_number(std::string_view text);

/// The value of member `key` of the outermost object, as it stands in the text, if the text is
/// sound up to its end.
[[nodiscard]] std::optional<std::string_view> readable_member(
    std::string_view text, std::string_view key
);

}  // namespace mlgraph::base
