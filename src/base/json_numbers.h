#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mlgraph::base {

/// JSON that was refused for its numbers, made readable where `places` allow it: there Python
/// writes NaN and Infinity, which are no JSON, and JavaScript writes 1e20 as 100000000000000000000,
/// which fits no integer. Of those, whole numbers become floats of the same value, and what is no
/// finite double becomes 1e39, which is no finite 32-bit float: its reader refuses it by its
/// position. places   paths whose indices are left out, e.g. "vectors[].values[]" or "vector[]".
/// returns  nullopt when there is nothing to mend; what else is wrong with the text stays wrong.
/// cost     one pass over the text: for texts that a parser has refused.
[[nodiscard]] std::optional<std::string> with_readable_numbers(
    std::string_view text, std::span<const std::string_view> places
);

}  // namespace mlgraph::base
