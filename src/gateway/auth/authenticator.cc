#include "gateway/auth/authenticator.h"

#include <algorithm>
#include <array>
#include <list>
#include <mutex>

#include <sodium.h>

#include "base/random.h"
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
constexpr std::size_t kFailuresFree = 10;  // a minute and address, before answers slow down
constexpr auto kFailureWindow = std::chrono::minutes(1);
constexpr std::size_t kAddressesMax = 10'000;
constexpr std::size_t kTokensMax = 10'000;

using Hash = std::array<unsigned char, crypto_hash_sha256_BYTES>;

Hash hash_of(std::string_view secret) {
  Hash hash{};
  crypto_hash_sha256(
      hash.data(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size()
  );
  return hash;
}

std::string hex_of(const Hash& hash) {
  std::string text(2 * hash.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  text.pop_back();
  return text;
}

std::optional<Hash> hash_from(const std::string& hex) {
  Hash hash{};
  std::size_t size = 0;
  if (sodium_hex2bin(hash.data(), hash.size(), hex.data(), hex.size(), nullptr, &size, nullptr) !=
          0 ||
      size != hash.size())
    return std::nullopt;
  return hash;
}

struct Stored {
  TokenInfo info;
  protocol::Scopes scopes;
  Hash hash{};
  std::uint64_t revision = 0;
};

std::string to_json(const Stored& token) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("hash", hex_of(token.hash));
    out.key("scopes");
    out.array([&] {
      for (const auto& scope : token.info.scopes) out.value(scope);
    });
    out.key("expires_at");
    token.info.expires_at ? out.value(base::format_timestamp(*token.info.expires_at)) : out.null();
    out.member("rate_limit_per_minute", token.info.rate_limit_per_minute);
    out.member("burst", token.info.burst);
    out.member("created_at", base::format_timestamp(token.info.created_at));
  });
  return text;
}

std::optional<std::uint32_t> small_number(const Json& json, const char* key) {
  const auto* value = json.find(key);
  const auto number = value ? value->as_uint() : std::nullopt;
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

Result<Stored> parse_stored(
    const std::string& name, const std::string& text, std::uint64_t revision
) {
  MLG_TRY(json, base::parse_json(text));
  Stored token;
  token.info.name = name;
  token.revision = revision;
  const auto* hash = json.find("hash");
  const auto parsed = hash && hash->as_string() ? hash_from(*hash->as_string()) : std::nullopt;
  const auto* scopes = json.find("scopes");
  const auto* created = json.find("created_at");
  if (!parsed || !scopes || !scopes->as_array() || !created || !created->as_string())
    return fail(ErrorCode::kCorrupt, "the stored token '{}' lacks members", name);
  token.hash = *parsed;
  for (const auto& scope : *scopes->as_array())
    if (scope.as_string()) token.info.scopes.push_back(*scope.as_string());
  MLG_TRY(grants, protocol::Scopes::parse(token.info.scopes));
  token.scopes = grants;
  if (const auto* expires = json.find("expires_at"); expires && expires->as_string())
    token.info.expires_at = base::parse_timestamp(*expires->as_string());
  token.info.rate_limit_per_minute = small_number(json, "rate_limit_per_minute");
  token.info.burst = small_number(json, "burst");
  token.info.created_at = base::parse_timestamp(*created->as_string()).value_or(base::Timestamp{});
  return token;
}

/// A rate member of PATCH: a positive number, or null for none.
Result<void> merge_rate(const Json& changes, const char* key, std::optional<std::uint32_t>& into) {
  constexpr std::uint64_t kRateMax = 100'000'000;
  const auto* value = changes.find(key);
  if (!value) return {};
  if (value->is_null()) {
    into.reset();
    return {};
  }
  const auto number = value->as_uint();
  if (!number || *number < 1 || *number > kRateMax)
    return fail_at(
        key,
        ErrorCode::kInvalidValue,
        "{} must be null or a whole number from 1 to {}",
        key,
        kRateMax
    );
  into = static_cast<std::uint32_t>(*number);
  return {};
}

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

  Result<void> start(std::string_view admin_token) {
    base::MutexLock lock(mutex_);
    MLG_TRY(stored, config_.config_list(kPrefix));
    for (const auto& [key, value] : stored) {
      MLG_TRY(
          token,
          parse_stored(key.substr(std::string_view(kPrefix).size()), value.value, value.revision)
      );
      keep(token);
    }
    if (!is_token_text(admin_token))
      return fail(
          ErrorCode::kInvalidValue, "the admin token must match mlg_[A-Za-z0-9_-]{{8,252}}"
      );
    MLG_TRY(before, config_.config_get(kAdminKey));
    Stored admin;
    admin.info.name = kAdminName;
    admin.info.scopes = {"admin"};
    admin.info.created_at = clock_.wall_now();
    admin.scopes = protocol::Scopes::admin();
    admin.hash = hash_of(admin_token);
    const std::string hex = hex_of(admin.hash);
    if (before.value != hex) {
      MLG_TRY_VOID(config_.config_put(kAdminKey, hex, before.revision));
    }
    admin_ = admin;
    return {};
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
    return tl::unexpected(refuse(remote));
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
    Stored token{info, scopes, hash_of(secret), 0};
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
    MLG_TRY(merged, merge(*before, changes));
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

  void on_change(std::function<void(const std::string&, const std::optional<TokenInfo>&)> callback
  ) {
    base::MutexLock lock(mutex_);
    callbacks_.push_back(std::move(callback));
  }

 private:
  std::optional<Stored> find_stored(const std::string& name) const {
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
  const Stored* find_by_secret(std::string_view secret) const MLG_REQUIRES(mutex_) {
    const Hash hash = hash_of(secret);
    if (sodium_memcmp(admin_.hash.data(), hash.data(), hash.size()) == 0) return &admin_;
    const auto name = names_.find(hash);
    return name == names_.end() ? nullptr : &tokens_.at(name->second);
  }

  void keep(const Stored& token) MLG_REQUIRES(mutex_) {
    names_[token.hash] = token.info.name;
    tokens_[token.info.name] = token;
  }

  static Result<Stored> merge(Stored token, const Json& changes) {
    if (const auto* scopes = changes.find("scopes")) {
      if (!scopes->as_array() || scopes->as_array()->empty())
        return fail_at(
            "scopes", ErrorCode::kInvalidValue, "scopes must be a non-empty array of texts"
        );
      token.info.scopes.clear();
      for (const auto& scope : *scopes->as_array()) {
        if (!scope.as_string())
          return fail_at("scopes", ErrorCode::kInvalidValue, "scopes must be an array of texts");
        token.info.scopes.push_back(*scope.as_string());
      }
      MLG_TRY(parsed, protocol::Scopes::parse(token.info.scopes));
      token.scopes = parsed;
    }
    if (const auto* expires = changes.find("expires_at"); expires && expires->is_null())
      token.info.expires_at.reset();
    if (const auto* expires = changes.find("expires_at"); expires && expires->as_string()) {
      const auto at = base::parse_timestamp(*expires->as_string());
      if (!at)
        return fail_at(
            "expires_at",
            ErrorCode::kInvalidValue,
            "expires_at must look like 2024-12-22T10:30:00.123Z"
        );
      token.info.expires_at = at;
    }
    MLG_TRY_VOID(merge_rate(changes, "rate_limit_per_minute", token.info.rate_limit_per_minute));
    MLG_TRY_VOID(merge_rate(changes, "burst", token.info.burst));
    return token;
  }

  /// Counts a wrong token; from the tenth a minute on, the answer says to wait, each time twice as
  /// long.
  base::Error refuse(const std::string& remote) MLG_REQUIRES(mutex_) {
    const auto now = clock_.steady_now();
    auto it = failures_.find(remote);
    if (it == failures_.end()) {
      if (failures_.size() >= kAddressesMax) {
        failures_.erase(oldest_.front());
        oldest_.pop_front();
      }
      oldest_.push_back(remote);
      it = failures_.emplace(remote, Failures{0, now, std::prev(oldest_.end())}).first;
    }
    auto& failures = it->second;
    oldest_.splice(oldest_.end(), oldest_, failures.place);
    if (now - failures.since > kFailureWindow) {
      failures.since = now;
      failures.count = 0;
    }
    if (++failures.count <= kFailuresFree)
      return {ErrorCode::kUnauthorized, "invalid token", {}, {}};
    const auto step = std::min<std::size_t>(failures.count - kFailuresFree, 6);
    return {
        ErrorCode::kRateLimited,
        "too many invalid tokens from this address",
        {},
        std::int64_t{500} << step};
  }

  void tell(const std::string& name, const std::optional<TokenInfo>& info) {
    std::vector<std::function<void(const std::string&, const std::optional<TokenInfo>&)>> callbacks;
    {
      base::MutexLock lock(mutex_);
      callbacks = callbacks_;
    }
    for (const auto& callback : callbacks) callback(name, info);
  }

  struct Failures {
    std::size_t count;
    base::SteadyTime since;
    std::list<std::string>::iterator place;
  };
  store::Log& config_;
  const base::Clock& clock_;
  // Changes wait for the disk one after the other; who authenticates on a loop never waits for
  // them.
  base::Mutex change_mutex_;
  mutable base::Mutex mutex_;
  Stored admin_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, Stored> tokens_ MLG_GUARDED_BY(mutex_);
  std::map<Hash, std::string> names_ MLG_GUARDED_BY(mutex_);  // of the same tokens
  std::map<std::string, Failures> failures_ MLG_GUARDED_BY(mutex_
  );  // at most kAddressesMax, the least recent goes
  std::list<std::string> oldest_ MLG_GUARDED_BY(mutex_);
  std::vector<std::function<void(const std::string&, const std::optional<TokenInfo>&)>> callbacks_
      MLG_GUARDED_BY(mutex_);
};

Authenticator::Authenticator(store::Log& config, const base::Clock& clock)
    : impl_(std::make_shared<Impl>(config, clock)) {}
Result<void> Authenticator::start(std::string_view admin_token) {
  return impl_->start(admin_token);
}
Result<Principal> Authenticator::authenticate(std::string_view token, const std::string& remote) {
  return impl_->authenticate(token, remote);
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
