#pragma once
// Members of messages as clients read them.
#include <string>
#include <string_view>

#include "base/json.h"

namespace mlgraph::sim {

/// Empty when there is no such text.
[[nodiscard]] inline std::string text_at(const base::Json& object, std::string_view key) {
  const auto* value = object.find(key);
  return value && value->as_string() ? *value->as_string() : std::string();
}

/// As it was sent: "a" with its quotes, 7 without.
[[nodiscard]] inline std::string ref_of(const base::Json& message) {
  std::string text;
  if (const auto* ref = message.find("ref")) base::JsonWriter(text).value(*ref);
  return text;
}

}  // namespace mlgraph::sim
