#pragma once
// permessage-deflate (RFC 7692) without context takeover: each message is compressed by itself, so
// that an event is compressed once for all sessions.
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/ws_frame.h"

namespace mlgraph::protocol {

/// What a client offers in Sec-WebSocket-Extensions, and the answer to the first offer that can be
/// met; nullopt: none can, and messages go uncompressed. A window smaller than 32 KiB is not met
/// for what we send: one frame serves everybody.
[[nodiscard]] std::optional<std::string> accept_deflate(std::string_view offers);

/// The payload of a compressed message (RFC 7692 section 7.2.1).
[[nodiscard]] std::string deflate_message(std::string_view message);

/// A whole server frame with the message compressed (RSV1).
[[nodiscard]] std::string make_deflated_frame(Opcode opcode, std::string_view message);

/// The message of a compressed payload, never more than `bytes_max` of it in memory.
/// errors  kTooLarge over `bytes_max`; kBadRequest when the payload is no deflate data, or ends in
///         the middle of it.
[[nodiscard]] base::Result<std::string> inflate_message(
    std::string_view payload, std::size_t bytes_max
);

}  // namespace mlgraph::protocol
