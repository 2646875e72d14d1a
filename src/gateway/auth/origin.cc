#include "gateway/auth/origin.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace mlgraph::gateway {
namespace {

struct Origin {
  std::string scheme, host, port;
  bool operator==(const Origin&) const = default;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool plain_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == ':' ||
           c == '[' || c == ']';
  });
}

/// "host", "host:port", "[::1]:port"; a missing port is the scheme's.
std::optional<Origin> with_authority(std::string scheme, std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  Origin origin{
      std::move(scheme), lower(authority.substr(0, has_port ? colon : authority.size())), {}};
  origin.port = has_port ? std::string(authority.substr(colon + 1))
                         : (origin.scheme == "https" ? "443" : "80");
  if (!plain_host(origin.host) || origin.port.empty() || origin.port.size() > 5 ||
      !std::all_of(origin.port.begin(), origin.port.end(), [](char c) {
        return c >= '0' && c <= '9';
      }))
    return std::nullopt;
  return origin;
}

std::optional<Origin> parse(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string scheme = lower(text.substr(0, end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  return with_authority(scheme, text.substr(end + 3));
}

bool is_loopback(const Origin& origin) {
  return origin.host == "localhost" || origin.host == "127.0.0.1" || origin.host == "[::1]";
}

}  // namespace

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
  const std::string wanted = lower(host);
  const auto bracket = wanted.rfind(']');
  const auto colon = wanted.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  const std::string name = wanted.substr(0, has_port ? colon : wanted.size());
  return std::any_of(allowed_.begin(), allowed_.end(), [&](const std::string& allowed) {
    return lower(allowed) == wanted || lower(allowed) == name;
  });
}

}  // namespace mlgraph::gateway
