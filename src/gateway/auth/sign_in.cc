#include "gateway/auth/sign_in.h"

#include <algorithm>

#include <sodium.h>

#include "base/random.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kNameRandom = 12;

bool has_expired(const TokenInfo& info, base::Timestamp now) {
  return info.expires_at && *info.expires_at <= now;
}

}  // namespace

Result<SignIn::Code> SignIn::mint(const Principal& minter) {
  const auto info = authenticator_.find(minter.name);
  if (!info) return fail(ErrorCode::kUnauthorized, "the token was revoked");
  Code code{base::random_secret(), times_.code};
  base::MutexLock lock(mutex_);
  drop_expired();
  if (waiting_.size() >= kCodesMax)
    return fail(ErrorCode::kOverloaded, "{} sign-in codes wait to be used, the limit", kCodesMax);
  waiting_.push_back(
      {hash_of(code.code), info->name, info->created_at, clock_.steady_now() + times_.code}
  );
  return code;
}

void SignIn::drop_expired() {
  const auto now = clock_.steady_now();
  while (!waiting_.empty() && waiting_.front().ends <= now) waiting_.pop_front();
}

/// Uses the code up. Who minted it, if that token still stands.
std::optional<TokenInfo> SignIn::minter_of(std::string_view code) {
  const Hash hash = hash_of(code);
  Waiting used;
  {
    base::MutexLock lock(mutex_);
    drop_expired();
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
      return sodium_memcmp(waiting.hash.data(), hash.data(), hash.size()) == 0;
    });
    if (found == waiting_.end()) return std::nullopt;
    used = std::move(*found);
    waiting_.erase(found);
  }
  auto minter = authenticator_.find(used.minter);
  if (!minter || minter->created_at != used.minter_created_at ||
      has_expired(*minter, clock_.wall_now()))
    return std::nullopt;
  return minter;
}

Result<SignIn::Grant> SignIn::redeem(std::string_view code, const std::string& remote) {
  const auto minter = minter_of(code);
  if (!minter) {
    auto error = authenticator_.count_wrong(remote);
    if (error.code == ErrorCode::kUnauthorized)
      error.message =
          "the sign-in code is not valid: it was used, is too old, or never was one; "
          "`mlgraph dashboard` makes another";
    return tl::unexpected(std::move(error));
  }
  remove_expired_tokens();
  Grant grant;
  grant.info = *minter;
  grant.info.name = std::string(kNamePrefix) + base::random_name(kNameRandom);
  grant.info.created_at = clock_.wall_now();
  const base::Timestamp ends{
      grant.info.created_at.ms + std::chrono::milliseconds(times_.token).count()};
  grant.info.expires_at = std::min(minter->expires_at.value_or(ends), ends);
  MLG_TRY(token, authenticator_.create(grant.info));
  grant.token = std::move(token);
  return grant;
}

void SignIn::remove_expired_tokens() {
  const auto now = clock_.wall_now();
  for (const auto& info : authenticator_.list())
    if (info.name.starts_with(kNamePrefix) && has_expired(info, now))
      static_cast<void>(authenticator_.revoke(info.name));  // gone already: as wanted
}

}  // namespace mlgraph::gateway
