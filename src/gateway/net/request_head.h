#pragma once
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace mlgraph::gateway {

struct HeadLimits {
  std::size_t bytes_max = 16 * 1024;
  std::size_t lines_max = 100;
};

/// Refuses what HTTP parsers disagree about, before one sees it: bare CR or LF, NUL, folded lines,
/// blanks before a colon, two Content-Length or one beside Transfer-Encoding, codings other than
/// chunked, a missing or second Host, HTTP versions other than 1.0 and 1.1, control characters in
/// the target. `head` ends with its empty line. errors  kBadRequest, kHeadersTooLarge.
/// source  RFC 9112 §2.2, §3.2, §5.1, §5.2, §6.1, §6.3.
[[nodiscard]] base::Result<void> check_request_head(std::string_view head, HeadLimits limits);

/// Refuses a head as soon as what has come of it shows that no end makes it sound.
/// errors  kBadRequest, kHeadersTooLarge.
[[nodiscard]] base::Result<void> check_beginning(std::string_view so_far, std::size_t bytes_max);

/// Has no place in a line: bytes below the blank, but for the tab, and DEL.
[[nodiscard]] bool is_control(char c);

/// One line of a head or of a body's trailers, without its end. errors  kBadRequest: folded,
/// without a name, or with characters that have no place in it.
[[nodiscard]] base::Result<void> check_header_line(std::string_view line);

}  // namespace mlgraph::gateway
