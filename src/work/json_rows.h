#pragma once
// Vectors as JSON: one object a line, or the body of POST …/vectors. simdjson stays in the .cc.
#include <string_view>

#include "base/error.h"
#include "work/row_buffer.h"

namespace mlgraph::work {

inline constexpr std::size_t kRowsPerRequestMax = 100'000;

/// Ids go out as JSON again, so they must be text.
[[nodiscard]] bool is_utf8(std::string_view text);

/// One {id, values, metadata} into `out` as row `row`. errors kBadJson, kInvalidValue,
/// kInvalidVector naming the row's member, e.g. "values[17]". NaN, Infinity and numbers beyond a
/// double among the values are invalid vectors, not bad JSON.
[[nodiscard]] base::Result<void> parse_json_row(
    std::string_view text, std::uint64_t row, RowBuffer& out
);

/// The whole body {vectors:[…]} (or NDJSON lines): all rows or the first error, which names e.g.
/// "vectors[3].values[17]".
[[nodiscard]] base::Result<void> parse_vectors_body(std::string_view body, RowBuffer& out);
[[nodiscard]] base::Result<void> parse_vectors_ndjson(std::string_view body, RowBuffer& out);

}  // namespace mlgraph::work
