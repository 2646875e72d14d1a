#pragma once
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace mlgraph::gateway {

/// Refuses what HTTP parsers disagree about, before one sees it: bare CR or LF, NUL, folded lines,
/// blanks before a colon, two Content-Length or one beside Transfer-Encoding, codings other than
/// chunked, a missing or second Host, HTTP versions other than 1.0 and 1.1, control characters in
/// the target. `head` ends with its empty line. errors  kBadRequest, kHeadersTooLarge (more than
/// `headers_max` lines). source  RFC 9112 §2.2, §3.2, §5.1, §5.2, §6.1, §6.3.
[[nodiscard]] base::Result<void> check_request_head(std::string_view head, std::size_t headers_max);

}  // namespace mlgraph::gateway
