#pragma once
// A token as the configuration store keeps it: everything but the secret.
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/auth/authenticator.h"

namespace mlgraph::gateway {

using Hash = std::array<unsigned char, 32>;  ///< SHA-256
[[nodiscard]] Hash hash_of(std::string_view secret);
[[nodiscard]] std::string hex_of(const Hash& hash);
[[nodiscard]] std::optional<Hash> hash_from(std::string_view hex);

struct StoredToken {
  TokenInfo info;
  protocol::Scopes scopes;
  Hash hash{};
  std::uint64_t revision = 0;
};
[[nodiscard]] std::string to_json(const StoredToken& token);
/// errors  kCorrupt naming the token.
[[nodiscard]] base::Result<StoredToken> parse_token(
    const std::string& name, const std::string& text, std::uint64_t revision
);
/// The members of PATCH that are given. errors  kInvalidValue naming the member.
[[nodiscard]] base::Result<StoredToken> merge_token(
    StoredToken token, const base::Json& changes, base::Timestamp now
);

}  // namespace mlgraph::gateway
