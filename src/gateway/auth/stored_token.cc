#include "gateway/auth/stored_token.h"

#include <sodium.h>

#include "gateway/auth/token_expiry.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Json;
using base::Result;

namespace {

std::optional<std::uint32_t> small_number(const Json& json, const char* key) {
  const auto* value = json.find(key);
  const auto number = value ? value->as_uint() : std::nullopt;
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
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

std::optional<Hash> hash_from(std::string_view hex) {
  Hash hash{};
  std::size_t size = 0;
  if (sodium_hex2bin(hash.data(), hash.size(), hex.data(), hex.size(), nullptr, &size, nullptr) !=
          0 ||
      size != hash.size())
    return std::nullopt;
  return hash;
}

std::string to_json(const StoredToken& token) {
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

Result<StoredToken> parse_token(
    const std::string& name, const std::string& text, std::uint64_t revision
) {
  MLG_TRY(json, base::parse_json(text));
  StoredToken token;
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

Result<StoredToken> merge_token(StoredToken token, const Json& changes, base::Timestamp now) {
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
  MLG_TRY(expiry, read_expiry(changes, now));
  if (expiry.said) token.info.expires_at = expiry.at;
  MLG_TRY_VOID(merge_rate(changes, "rate_limit_per_minute", token.info.rate_limit_per_minute));
  MLG_TRY_VOID(merge_rate(changes, "burst", token.info.burst));
  return token;
}

}  // namespace mlgraph::gateway
