#pragma once
// How a browser gets a token of its own without one being typed: a code that works once.
#include <chrono>
#include <list>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/stored_token.h"

namespace mlgraph::gateway {

/// A code stands for whoever asked for it. It is traded once, within its time, for a token that
/// expires by itself and may do what its minter may do at that moment.
/// Memory     kCodesMax codes as SHA-256, none on disk: a restart forgets them.
/// Threads    shared.
class SignIn {
 public:
  static constexpr std::size_t kCodesMax = 1'000;
  /// Tokens made of codes begin so; expired ones are removed when the next is made.
  static constexpr std::string_view kNamePrefix = "browser-";

  struct Times {
    std::chrono::seconds code{5 * 60};
    std::chrono::seconds token{12 * 60 * 60};
  };
  SignIn(Authenticator& authenticator, const base::Clock& clock, Times times)
      : authenticator_(authenticator), clock_(clock), times_(times) {}

  struct Code {
    std::string code;  ///< 256 random bits as base64url, 43 characters
    std::chrono::seconds expires_in;
  };
  /// errors  kOverloaded (kCodesMax codes wait), kUnauthorized (the minter is gone).
  [[nodiscard]] base::Result<Code> mint(const Principal& minter);

  struct Grant {
    TokenInfo info;
    std::string token;
  };
  /// errors  kUnauthorized (one answer for unknown, used and expired), kRateLimited (`remote`
  /// guessed too often, codes and tokens together), kConflict (no room for another token).
  [[nodiscard]] base::Result<Grant> redeem(std::string_view code, const std::string& remote);

 private:
  struct Waiting {
    Hash hash;
    std::string minter;
    base::Timestamp minter_created_at;  ///< another token of the same name is another minter
    base::SteadyTime ends;
  };
  void drop_expired() MLG_REQUIRES(mutex_);
  [[nodiscard]] std::optional<TokenInfo> minter_of(std::string_view code);
  void remove_expired_tokens();

  Authenticator& authenticator_;
  const base::Clock& clock_;
  const Times times_;
  base::Mutex mutex_;
  std::list<Waiting> waiting_ MLG_GUARDED_BY(mutex_);  ///< oldest first
};

}  // namespace mlgraph::gateway
