#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mlgraph::base {

/// The one of `known` (not empty) that takes the fewest changed letters to become `word`: for
/// "did you mean …?".
[[nodiscard]] const std::string& nearest(
    std::string_view word, const std::vector<std::string>& known
);

}  // namespace mlgraph::base
