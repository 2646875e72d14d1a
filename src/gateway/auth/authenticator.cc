#include "gateway/auth/authenticator.h"

#include <algorithm>

#include <sodium.h>

#include "base/random.h"
#include "gateway/auth/stored_token.h"
#include "model/names.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Json;
using base::Result;

namespace {

constexpr const char* kPrefix = "tokens/";
constexpr const char* kAdminKey = "admin-token";
constexpr const char* kAdminName = "admin";
constexpr std::string_view kGivenMark = "given ";  // before the hash of a token that was given
constexpr std::size_t kTokensMax = 10'000;

}  // namespace

bool is_token_text(std::string_view token) {
  constexpr std::string_view kStart = "mlg_";
  if (!token.starts_with(kStart) || token.size() < kStart.size() + 8 ||
      token.size() > kStart.size() + 252)
    return false;
  token.remove_prefix(kStart.size());
  return std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

class Authenticator::Impl {
 public:
  Impl(store::Log& config, const base::Clock& clock) : config_(config), clock_(clock) {}

  Result<void> load() {
    base::MutexLock lock(mutex_);
    MLG_TRY(stored, config_.config_list(kPrefix));
    for (const auto& [key, value] : stored) {
      MLG_TRY(
          token,
          parse_token(key.substr(std::string_view(kPrefix).size()), value.value, value.revision)
      );
      keep(token);
    }
    MLG_TRY(admin, config_.config_get(kAdminKey));
    if (admin.revision == 0) return {};
    const bool given = admin.value.starts_with(kGivenMark);
    const auto hash = hash_from(given ? admin.value.substr(kGivenMark.size()) : admin.value);
    if (!hash) return fail(ErrorCode::kCorrupt, "the stored admin token is no hash");
    become_admin(*hash, given ? AdminToken::kGiven : AdminToken::kMade);
    return {};
  }

  Result<void> set_admin_token(std::string_view secret, AdminToken origin) {
    if (!is_token_text(secret))
      return fail(
          ErrorCode::kInvalidValue, "the admin token must match mlg_[A-Za-z0-9_-]{{8,252}}"
      );
    base::MutexLock change(change_mutex_);
    const Hash hash = hash_of(secret);
    const std::string stored =
        std::string(origin == AdminToken::kGiven ? kGivenMark : "") + hex_of(hash);
    MLG_TRY(before, config_.config_get(kAdminKey));
    if (before.value != stored) {
      MLG_TRY_VOID(config_.config_put(kAdminKey, stored, before.revision));
    }
    base::MutexLock lock(mutex_);
    become_admin(hash, origin);
    return {};
  }

  AdminToken admin_token() const {
    base::MutexLock lock(mutex_);
    return admin_origin_;
  }

  bool is_admin_token(std::string_view secret) const {
    const Hash hash = hash_of(secret);
    base::MutexLock lock(mutex_);
    return admin_origin_ != AdminToken::kNone &&
           sodium_memcmp(admin_.hash.data(), hash.data(), hash.size()) == 0;
  }

  Result<Principal> authenticate(std::string_view token, const std::string& remote) {
    base::MutexLock lock(mutex_);
    // A good token is never locked out by somebody else's guesses from the same address: it is
    // looked up first.
    if (const auto* found = is_token_text(token) ? find_by_secret(token) : nullptr) {
      if (found->info.expires_at && *found->info.expires_at <= clock_.wall_now())
        return fail(ErrorCode::kTokenExpired, "the token '{}' has expired", found->info.name);
      return Principal{
          found->info.name,
          found->scopes,
          found->info.expires_at,
          found->info.rate_limit_per_minute,
          found->info.burst};
    }
    return tl::unexpected(wrong_.count(remote, clock_.steady_now()));
  }

  base::Error count_wrong(const std::string& remote) {
    base::MutexLock lock(mutex_);
    return wrong_.count(remote, clock_.steady_now());
  }

  Result<std::string> create(TokenInfo info) {
    const std::string secret = "mlg_" + base::random_secret();
    MLG_TRY_VOID(create_with_secret(std::move(info), secret));
    return secret;
  }

  Result<void> create_with_secret(TokenInfo info, std::string_view secret) {
    if (!model::is_token(info.name) || info.name == kAdminName || info.name == "unauthenticated")
      return fail_at(
          "name",
          ErrorCode::kInvalidValue,
          "name '{}' must match [A-Za-z0-9_-]{{1,64}} and not be reserved",
          model::printable(info.name)
      );
    if (!is_token_text(secret))
      return fail_at(
          "token", ErrorCode::kInvalidValue, "a token must match mlg_[A-Za-z0-9_-]{{8,252}}"
      );
    if (info.scopes.empty())
      return fail_at(
          "scopes", ErrorCode::kInvalidValue, "scopes is empty: a token needs at least one"
      );
    MLG_TRY(scopes, protocol::Scopes::parse(info.scopes));
    base::MutexLock change(change_mutex_);
    if (find_stored(info.name))
      return fail(ErrorCode::kConflict, "token '{}' exists already", info.name);
    if (count() >= kTokensMax)
      return fail(ErrorCode::kConflict, "there are {} tokens, the limit", kTokensMax);
    if (info.created_at.ms == 0) info.created_at = clock_.wall_now();
    StoredToken token{info, scopes, hash_of(secret), 0};
    if (is_used(secret))
      return fail_at("token", ErrorCode::kConflict, "another token has this secret");
    MLG_TRY(before, config_.config_get(kPrefix + info.name));
    MLG_TRY(revision, config_.config_put(kPrefix + info.name, to_json(token), before.revision));
    token.revision = revision;
    base::MutexLock lock(mutex_);
    keep(token);
    return {};
  }

  Result<TokenInfo> update(const std::string& name, const Json& changes) {
    if (!changes.as_object())
      return fail(
          ErrorCode::kBadRequest, "the body must be a JSON object, not {}", changes.type_name()
      );
    base::MutexLock change(change_mutex_);
    const auto before = find_stored(name);
    if (!before)
      return fail(ErrorCode::kNotFound, "there is no token '{}'", model::printable(name));
    MLG_TRY(merged, merge_token(*before, changes, clock_.wall_now()));
    MLG_TRY(revision, config_.config_put(kPrefix + name, to_json(merged), merged.revision));
    merged.revision = revision;
    {
      base::MutexLock lock(mutex_);
      keep(merged);
    }
    tell(name, merged.info);
    return merged.info;
  }

  Result<void> revoke(const std::string& name) {
    base::MutexLock change(change_mutex_);
    const auto before = find_stored(name);
    if (!before)
      return fail(ErrorCode::kNotFound, "there is no token '{}'", model::printable(name));
    MLG_TRY_VOID(config_.config_delete(kPrefix + name, before->revision));
    {
      base::MutexLock lock(mutex_);
      names_.erase(before->hash);
      tokens_.erase(name);
    }
    tell(name, std::nullopt);
    return {};
  }

  std::vector<TokenInfo> list() const {
    base::MutexLock lock(mutex_);
    std::vector<TokenInfo> all;
    for (const auto& [name, token] : tokens_) all.push_back(token.info);
    return all;
  }

  std::optional<TokenInfo> find(const std::string& name) const {
    base::MutexLock lock(mutex_);
    if (name == kAdminName) return admin_.info;
    const auto it = tokens_.find(name);
    if (it == tokens_.end()) return std::nullopt;
    return it->second.info;
  }

  WrongTokens::Budget wrong_tokens(const std::string& remote) const {
    base::MutexLock lock(mutex_);
    return wrong_.budget(remote, clock_.steady_now());
  }

  void on_change(std::function<void(const std::string&, const std::optional<TokenInfo>&)> callback
  ) {
    base::MutexLock lock(mutex_);
    callbacks_.push_back(std::move(callback));
  }

 private:
  std::optional<StoredToken> find_stored(const std::string& name) const {
    base::MutexLock lock(mutex_);
    const auto it = tokens_.find(name);
    return it == tokens_.end() ? std::nullopt : std::optional(it->second);
  }

  bool is_used(std::string_view secret) const {
    base::MutexLock lock(mutex_);
    return find_by_secret(secret) != nullptr;
  }

  std::size_t count() const {
    base::MutexLock lock(mutex_);
    return tokens_.size();
  }

  /// By the hash, from which a guess's timing learns nothing about the secret.
  const StoredToken* find_by_secret(std::string_view secret) const MLG_REQUIRES(mutex_) {
    const Hash hash = hash_of(secret);
    if (admin_origin_ != AdminToken::kNone &&
        sodium_memcmp(admin_.hash.data(), hash.data(), hash.size()) == 0)
      return &admin_;
    const auto name = names_.find(hash);
    return name == names_.end() ? nullptr : &tokens_.at(name->second);
  }

  void become_admin(const Hash& hash, AdminToken origin) MLG_REQUIRES(mutex_) {
    admin_.info.name = kAdminName;
    admin_.info.scopes = {"admin"};
    admin_.info.created_at = clock_.wall_now();
    admin_.scopes = protocol::Scopes::admin();
    admin_.hash = hash;
    admin_origin_ = origin;
  }

  void keep(const StoredToken& token) MLG_REQUIRES(mutex_) {
    names_[token.hash] = token.info.name;
    tokens_[token.info.name] = token;
  }

  void tell(const std::string& name, const std::optional<TokenInfo>& info) {
    std::vector<std::function<void(const std::string&, const std::optional<TokenInfo>&)>> callbacks;
    {
      base::MutexLock lock(mutex_);
      callbacks = callbacks_;
    }
    for (const auto& callback : callbacks) callback(name, info);
  }

  store::Log& config_;
  const base::Clock& clock_;
  // Changes wait for the disk one after the other; who authenticates on a loop never waits for
  // them.
  base::Mutex change_mutex_;
  mutable base::Mutex mutex_;
  StoredToken admin_ MLG_GUARDED_BY(mutex_);
  AdminToken admin_origin_ MLG_GUARDED_BY(mutex_) = AdminToken::kNone;
  std::map<std::string, StoredToken> tokens_ MLG_GUARDED_BY(mutex_);
  std::map<Hash, std::string> names_ MLG_GUARDED_BY(mutex_);  // of the same tokens
  WrongTokens wrong_ MLG_GUARDED_BY(mutex_);
  std::vector<std::function<void(const std::string&, const std::optional<TokenInfo>&)>> callbacks_
      MLG_GUARDED_BY(mutex_);
};

Authenticator::Authenticator(store::Log& config, const base::Clock& clock)
    : impl_(std::make_shared<Impl>(config, clock)) {}
Result<void> Authenticator::load() { return impl_->load(); }
Result<void> Authenticator::set_admin_token(std::string_view token, AdminToken origin) {
  return impl_->set_admin_token(token, origin);
}
AdminToken Authenticator::admin_token() const { return impl_->admin_token(); }
bool Authenticator::is_admin_token(std::string_view token) const {
  return impl_->is_admin_token(token);
}
Result<void> Authenticator::start(std::string_view admin_token) {
  MLG_TRY_VOID(load());
  return set_admin_token(admin_token, AdminToken::kGiven);
}
Result<Principal> Authenticator::authenticate(std::string_view token, const std::string& remote) {
  return impl_->authenticate(token, remote);
}
base::Error Authenticator::count_wrong(const std::string& remote) {
  return impl_->count_wrong(remote);
}
Result<std::string> Authenticator::create(const TokenInfo& info) { return impl_->create(info); }
Result<void> Authenticator::create_with_secret(const TokenInfo& info, std::string_view secret) {
  return impl_->create_with_secret(info, secret);
}
Result<TokenInfo> Authenticator::update(const std::string& name, const Json& changes) {
  return impl_->update(name, changes);
}
Result<void> Authenticator::revoke(const std::string& name) { return impl_->revoke(name); }
std::vector<TokenInfo> Authenticator::list() const { return impl_->list(); }
std::optional<TokenInfo> Authenticator::find(const std::string& name) const {
  return impl_->find(name);
}
WrongTokens::Budget Authenticator::wrong_tokens(const std::string& remote) const {
  return impl_->wrong_tokens(remote);
}
void Authenticator::on_change(
    std::function<void(const std::string&, const std::optional<TokenInfo>&)> callback
) {
  impl_->on_change(std::move(callback));
}

Result<void> refresh(const Authenticator& tokens, Principal& principal) {
  const auto now = tokens.find(principal.name);
  if (!now) return fail(ErrorCode::kUnauthorized, "the token was revoked");
  MLG_TRY(scopes, protocol::Scopes::parse(now->scopes));
  principal.scopes = std::move(scopes);
  principal.expires_at = now->expires_at;
  return {};
}

}  // namespace mlgraph::gateway
