#include "gateway/auth/authority.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/ascii.h"

namespace mlgraph::gateway {
namespace {

bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// A name or an IPv4 address; "_" because private networks name hosts so.
bool is_name(std::string_view host) {
  constexpr std::string_view kOthers = "-._~";
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return is_alnum(c) || kOthers.find(c) != std::string_view::npos;
  });
}

/// "[::1]"
bool is_address(std::string_view host) {
  if (host.size() < 4 || !host.starts_with('[') || !host.ends_with(']')) return false;
  host = host.substr(1, host.size() - 2);
  constexpr std::string_view kOthers = ":.%";
  return host.find(':') != std::string_view::npos &&
         std::all_of(host.begin(), host.end(), [&](char c) {
           return is_alnum(c) || kOthers.find(c) != std::string_view::npos;
         });
}

/// 1 to 65535, as it is written when nobody disguises it.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('0'))
    return std::nullopt;
  return port;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const auto host = text.substr(0, has_port ? colon : text.size());
  if (!is_name(host) && !is_address(host)) return std::nullopt;
  Authority authority{std::string(host), std::nullopt};
  authority.host = base::ascii_lower(authority.host);
  if (has_port) {
    authority.port = parse_port(text.substr(colon + 1));
    if (!authority.port) return std::nullopt;
  }
  return authority;
}

}  // namespace mlgraph::gateway
