#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlgraph::gateway {

/// What a Host header says, and an Origin behind its scheme: "host", "host:port", "[::1]:port".
struct Authority {
  std::string host;  ///< lower case; IPv6 in its brackets
  std::optional<std::uint16_t> port;
};
/// nullopt: no host, characters that no host has (blanks, a user, a path), a port that cannot be.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

}  // namespace mlgraph::gateway
