#pragma once
// Who a token is: looked up by hash, guessed at slowly.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mutex.h"
#include "gateway/auth/wrong_tokens.h"
#include "protocol/channel.h"
#include "store/log.h"

namespace mlgraph::gateway {

/// The holder of a token. A value: copies stay what they were when made.
struct Principal {
  std::string name;  ///< the token's name, never the secret; empty: nobody
  protocol::Scopes scopes;
  std::optional<base::Timestamp> expires_at;
  std::optional<std::uint32_t> rate_limit_per_minute;
  std::optional<std::uint32_t> burst;
  [[nodiscard]] bool anonymous() const { return name.empty(); }
};

struct TokenInfo {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<base::Timestamp> expires_at;
  std::optional<std::uint32_t> rate_limit_per_minute;
  std::optional<std::uint32_t> burst;
  base::Timestamp created_at;
};

/// mlg_[A-Za-z0-9_-]{8,252}
[[nodiscard]] bool is_token_text(std::string_view token);

/// Where the admin token came from.
enum class AdminToken : std::uint8_t {
  kNone,   ///< there is none yet
  kMade,   ///< the server made it, and keeps it in a file for its owner
  kGiven,  ///< its owner gave it: nothing but its hash is kept
};

/// Tokens live in the configuration store as SHA-256, the admin token too.
/// Threads: shared.
class Authenticator {
 public:
  Authenticator(store::Log& config, const base::Clock& clock);
  /// Loads the tokens, and the admin token that was set last.
  [[nodiscard]] base::Result<void> load();
  /// From now on this is the admin token, and no earlier one. errors kInvalidValue.
  [[nodiscard]] base::Result<void> set_admin_token(std::string_view token, AdminToken origin);
  [[nodiscard]] AdminToken admin_token() const;
  [[nodiscard]] bool is_admin_token(std::string_view token) const;
  /// load() with an admin token that is given.
  [[nodiscard]] base::Result<void> start(std::string_view admin_token);

  /// errors kUnauthorized (one answer for unknown, malformed and revoked), kTokenExpired,
  /// kRateLimited
  /// (`remote` guessed wrong too often: back-off with retry_after_ms).
  [[nodiscard]] base::Result<Principal> authenticate(
      std::string_view token, const std::string& remote
  );

  /// Another secret than a token was wrong: it counts as one. returns as authenticate fails.
  [[nodiscard]] base::Error count_wrong(const std::string& remote);

  /// The secret is in the result and nowhere else. errors kConflict, kInvalidValue.
  [[nodiscard]] base::Result<std::string> create(const TokenInfo& info);
  /// As create with a secret of the caller's choice (configuration, tests); kConflict if the name
  /// exists.
  [[nodiscard]] base::Result<void> create_with_secret(
      const TokenInfo& info, std::string_view secret
  );
  [[nodiscard]] base::Result<TokenInfo> update(const std::string& name, const base::Json& changes);
  [[nodiscard]] base::Result<void> revoke(const std::string& name);
  [[nodiscard]] std::vector<TokenInfo> list() const;
  [[nodiscard]] std::optional<TokenInfo> find(const std::string& name) const;
  /// What an address has left of wrong tokens that are answered like unknown ones.
  [[nodiscard]] WrongTokens::Budget wrong_tokens(const std::string& remote) const;
  /// Told after a token changed (info) or was revoked (nullopt): live sessions are re-evaluated or
  /// closed.
  void on_change(
      std::function<void(const std::string& name, const std::optional<TokenInfo>& info)> callback
  );

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Brings a principal up to what its token is now. errors kUnauthorized when it has been revoked.
[[nodiscard]] base::Result<void> refresh(const Authenticator& tokens, Principal& principal);

}  // namespace mlgraph::gateway
