#include "gateway/net/upgrade.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/ascii.h"
#include "protocol/deflate.h"

namespace mlgraph::gateway {
namespace {

using base::ErrorCode;

constexpr std::size_t kProtocolsMax = 1'024;  // bytes of Sec-WebSocket-Protocol
constexpr std::size_t kExtensionsMax = 4'096;
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string_view header(const HeaderMap& headers, std::string_view name) {
  const auto it = headers.find(name);
  return it == headers.end() ? std::string_view() : std::string_view(it->second);
}

/// The items of a comma-separated list, in one pass.
std::vector<std::string_view> items(std::string_view list) {
  std::vector<std::string_view> all;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    if (const auto item = base::trimmed(list.substr(0, end)); !item.empty()) all.push_back(item);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return all;
}

bool has_item(std::string_view list, std::string_view wanted) {
  const auto all = items(list);
  return std::any_of(all.begin(), all.end(), [&](std::string_view item) {
    return base::ascii_lower(item) == wanted;
  });
}

bool is_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/';
  });
}

std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

tl::unexpected<HttpResponse> refuse(int status, ErrorCode code, std::string why) {
  HttpResponse response = error_response({code, std::move(why), {}, {}});
  response.status = status;
  if (status == 426) response.headers.emplace_back("Upgrade", "websocket");
  return tl::unexpected(std::move(response));
}

constexpr std::string_view kBearer = "bearer";

/// "Basic …": a credential, but none of ours.
bool is_other_scheme(std::string_view authorization) {
  const auto scheme =
      base::trimmed(authorization).substr(0, base::trimmed(authorization).find(' '));
  return !scheme.empty() && base::ascii_lower(scheme) != kBearer && !scheme.starts_with("mlg_") &&
         scheme.size() < base::trimmed(authorization).size();
}

/// What stands behind "Bearer"; empty, and so no token, when nothing does, or when it stands alone.
std::string bearer_token(std::string_view authorization) {
  const auto text = base::trimmed(authorization);
  const auto blank = std::min(text.find_first_of(" \t"), text.size());
  if (base::ascii_lower(text.substr(0, blank)) != kBearer) return {};
  return std::string(base::trimmed(text.substr(blank)));
}

/// A token in the URL, by the parameter's name or by its own. What names a thing may begin as a
/// token does.
bool is_secret_parameter(std::string_view name, std::string_view value) {
  constexpr std::array<std::string_view, 6> kSecrets = {
      "token", "access_token", "api_key", "apikey", "authorization", "auth"};
  constexpr std::array<std::string_view, 4> kNames = {"after", "id_prefix", "index", "jobId"};
  const auto is_one_of = [](const auto& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  if (is_one_of(kSecrets, base::ascii_lower(name))) return true;
  return value.starts_with("mlg_") && !is_one_of(kNames, name);
}

}  // namespace

Credentials read_credentials(
    const HeaderMap& headers, const std::multimap<std::string, std::string>& query
) {
  Credentials credentials;
  const auto authorization = headers.find("authorization");
  const auto key = headers.find("x-api-key");
  if (authorization != headers.end()) credentials.token = bearer_token(authorization->second);
  if (key != headers.end()) {
    const std::string token(base::trimmed(key->second));
    // Another scheme beside it is a proxy's business.
    const bool two = authorization != headers.end() && !is_other_scheme(authorization->second);
    credentials.conflicting = two && *credentials.token != token;
    credentials.token = token;
  }
  credentials.in_query = std::any_of(query.begin(), query.end(), [](const auto& parameter) {
    return is_secret_parameter(parameter.first, parameter.second);
  });
  return credentials;
}

tl::expected<Handshake, HttpResponse> answer_upgrade(
    std::string_view method,
    const HeaderMap& headers,
    const Credentials& credentials,
    const ServerHooks& hooks,
    UpgradeOptions options
) {
  if (credentials.in_query)
    return refuse(
        400,
        ErrorCode::kBadRequest,
        "a token in the URL ends up in logs: send it as the subprotocol after 'Bearer', in an auth "
        "message, or as 'Authorization: Bearer …'"
    );
  if (method != "GET") return refuse(405, ErrorCode::kBadRequest, "a WebSocket begins with GET");
  if (!has_item(header(headers, "upgrade"), "websocket") ||
      !has_item(header(headers, "connection"), "upgrade"))
    return refuse(
        426,
        ErrorCode::kBadRequest,
        "this is a WebSocket address: Upgrade: websocket and Connection: Upgrade are needed"
    );
  if (base::trimmed(header(headers, "sec-websocket-version")) != "13") {
    auto refusal = refuse(426, ErrorCode::kBadRequest, "only WebSocket version 13 is served");
    refusal.value().headers.emplace_back("Sec-WebSocket-Version", "13");
    return refusal;
  }
  if (!is_key(base::trimmed(header(headers, "sec-websocket-key"))))
    return refuse(400, ErrorCode::kBadRequest, "Sec-WebSocket-Key is not 16 bytes in base64");
  const auto host = header(headers, "host");
  if (hooks.allow_host && !hooks.allow_host(host))
    return refuse(403, ErrorCode::kForbidden, "this Host is not served");
  if (const auto origin = headers.find("origin");
      origin != headers.end() && hooks.allow_origin &&
      !hooks.allow_origin(origin->second, host, options.tls))
    return refuse(403, ErrorCode::kForbidden, "this Origin may not connect");
  const auto protocols = header(headers, "sec-websocket-protocol");
  if (protocols.size() > kProtocolsMax ||
      header(headers, "sec-websocket-extensions").size() > kExtensionsMax)
    return refuse(400, ErrorCode::kBadRequest, "Sec-WebSocket-Protocol or -Extensions is too long");

  Handshake handshake;
  handshake.token = credentials.token;
  const auto offered = items(protocols);
  const bool bearer = std::find(offered.begin(), offered.end(), "Bearer") != offered.end();
  bool conflicting = credentials.conflicting;
  for (const auto item : offered) {
    if (!item.starts_with("mlg_")) continue;
    // Without 'Bearer' it is a credential that nobody can take: refused after the upgrade.
    const std::string token(bearer ? item : std::string_view());
    conflicting = conflicting || (handshake.token && *handshake.token != token);
    handshake.token = token;
  }
  if (bearer && !handshake.token)
    handshake.token = "";  // 'Bearer' and nothing behind it, or something that is no token
  if (conflicting) return refuse(400, ErrorCode::kBadRequest, "two different tokens were sent");
  handshake.response_head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: " +
      accept_of(base::trimmed(header(headers, "sec-websocket-key"))) + "\r\n";
  if (bearer) handshake.response_head += "Sec-WebSocket-Protocol: Bearer\r\n";
  const auto deflate = options.deflate
                           ? protocol::accept_deflate(header(headers, "sec-websocket-extensions"))
                           : std::nullopt;
  if (deflate) handshake.response_head += "Sec-WebSocket-Extensions: " + *deflate + "\r\n";
  handshake.deflate = deflate.has_value();
  handshake.response_head += "\r\n";
  return handshake;
}

}  // namespace mlgraph::gateway
