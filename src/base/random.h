#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace mlgraph::base {
/// Fills from the kernel's generator: for tokens, session ids, epochs.
void secure_random(std::span<std::uint8_t> out);
/// `length` characters of [0-9a-z], unguessable.
[[nodiscard]] std::string random_name(std::size_t length);
/// 32 random bytes as base64url without padding (43 characters).
[[nodiscard]] std::string random_secret();
}  // namespace mlgraph::base
