#include "gateway/auth/origin.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "gateway/auth/authority.h"

namespace mlgraph::gateway {
namespace {

struct Origin {
  std::string scheme, host;
  std::uint16_t port;
  bool operator==(const Origin&) const = default;
};

/// A missing port is the scheme's.
std::optional<Origin> with_authority(std::string scheme, std::string_view text) {
  auto authority = parse_authority(text);
  if (!authority) return std::nullopt;
  const auto port = authority->port.value_or(scheme == "https" ? 443 : 80);
  return Origin{std::move(scheme), std::move(authority->host), port};
}

std::optional<Origin> parse(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string scheme = base::ascii_lower(text.substr(0, end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  return with_authority(scheme, text.substr(end + 3));
}

bool is_loopback(const Origin& origin) {
  return origin.host == "localhost" || origin.host == "127.0.0.1" || origin.host == "[::1]";
}

}  // namespace

bool is_origin(std::string_view text) { return parse(text).has_value(); }

bool OriginPolicy::allows(std::string_view origin, std::string_view host, bool tls) const {
  for (const auto& allowed : allowed_) {
    if (allowed == "*") return true;
    if (allowed == origin) return true;  // also "null", when somebody lists it
    const auto a = parse(allowed);
    if (a && a == parse(origin)) return true;
  }
  if (!allowed_.empty()) return false;
  const auto from = parse(origin);
  if (!from) return false;
  return is_loopback(*from) || from == with_authority(tls ? "https" : "http", host);
}

bool HostPolicy::allows(std::string_view host) const {
  if (allowed_.empty()) return true;
  const auto wanted = parse_authority(host);
  return wanted && std::any_of(allowed_.begin(), allowed_.end(), [&](const std::string& allowed) {
           const auto served = parse_authority(allowed);
           return served && served->host == wanted->host &&
                  (!served->port || served->port == wanted->port);
         });
}

}  // namespace mlgraph::gateway
