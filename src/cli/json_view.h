#pragma once
// Members of the server's objects as text for people, with a default where they are missing.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace mlgraph::cli {

/// Text for a terminal: control characters as \x1b and the like, so that no name moves the cursor.
[[nodiscard]] std::string safe(std::string_view text);
/// The same JSON for a terminal: those control characters that JSON lets stand are escaped too.
[[nodiscard]] std::string safe_json(std::string_view json);

[[nodiscard]] std::string text_of(
    const base::Json& object, std::string_view key, std::string_view otherwise = "-"
);
[[nodiscard]] double number_of(
    const base::Json& object, std::string_view key, double otherwise = 0
);
[[nodiscard]] std::uint64_t count_of(const base::Json& object, std::string_view key);
/// "1,234,567".
[[nodiscard]] std::string commas_of(const base::Json& object, std::string_view key);
/// null where it is missing.
[[nodiscard]] const base::Json& child(const base::Json& object, std::string_view key);
/// Empty where it is missing or no array.
[[nodiscard]] const base::Json::Array& items_of(const base::Json& object, std::string_view key);
/// The texts of an array, with blanks between.
[[nodiscard]] std::string words_of(const base::Json& object, std::string_view key);
/// One line of JSON, safe.
[[nodiscard]] std::string json_text(const base::Json& json);

}  // namespace mlgraph::cli
