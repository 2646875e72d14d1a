#include "client/url.h"

#include <cctype>

#include "model/names.h"

namespace mlgraph::client {

base::Result<ServerUrl> parse_server_url(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  const auto scheme_end = rest.find("://");
  if (scheme_end != std::string_view::npos) {
    const auto scheme = rest.substr(0, scheme_end);
    if (scheme == "https" || scheme == "wss")
      url.tls = true;
    else if (scheme != "http" && scheme != "ws")
      return base::fail(
          base::ErrorCode::kInvalidValue, "'{}' is no http or https address", model::printable(text)
      );
    rest.remove_prefix(scheme_end + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  const auto bracket = rest.rfind(']');
  const auto colon = rest.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  url.host = rest.substr(0, has_port ? colon : rest.size());
  url.port = has_port ? std::string(rest.substr(colon + 1)) : (url.tls ? "443" : "80");
  if (url.host.starts_with('[') && url.host.ends_with(']'))
    url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty() || url.port.empty())
    return base::fail(base::ErrorCode::kInvalidValue, "'{}' names no host", model::printable(text));
  return url;
}

std::string to_text(const ServerUrl& url) {
  const bool bare_ipv6 = url.host.find(':') != std::string::npos;
  return fmt::format(
      "{}://{}{}{}:{}",
      url.tls ? "https" : "http",
      bare_ipv6 ? "[" : "",
      model::printable(url.host),
      bare_ipv6 ? "]" : "",
      url.port
  );
}

std::string encode_component(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~')
      out.push_back(c);
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace mlgraph::client
