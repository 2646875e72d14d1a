#pragma once
// The grammar of names: what may stand as a token of a channel.
#include <string_view>

#include "base/error.h"

namespace mlgraph::model {

inline constexpr std::size_t kTokenMax = 64;

/// [A-Za-z0-9_-]{1,64}: one token of a channel, an index id, a node name, a job id.
[[nodiscard]] bool is_token(std::string_view text);

/// Kind names (the page's sixteen leaves, queued, cancelled, acknowledged) and names beginning with
/// `_`.
[[nodiscard]] bool is_reserved(std::string_view text);

/// Whether `text` may name an index or a node. errors kInvalidValue naming `member`, the value
/// (escaped) and the rule.
[[nodiscard]] base::Result<void> check_entity_name(std::string_view member, std::string_view text);

/// `text` shortened to 64 bytes with everything unprintable escaped: for error texts.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace mlgraph::model
