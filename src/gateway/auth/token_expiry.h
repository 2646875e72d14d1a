#pragma once
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::gateway {

/// RFC 3339: "2030-01-31T10:30:00Z", with a fraction or an offset; nullopt for anything else.
[[nodiscard]] std::optional<base::Timestamp> parse_rfc3339(std::string_view text);

/// When a token shall expire, as its maker says.
struct Expiry {
  bool said = false;
  std::optional<base::Timestamp> at;  ///< none: never
};
/// `expires_at` (in the future; null: never) or `expires_in_seconds` (from `now`; null: not said).
/// errors  kInvalidValue naming the member: malformed, past, or both.
[[nodiscard]] base::Result<Expiry> read_expiry(const base::Json& body, base::Timestamp now);

}  // namespace mlgraph::gateway
