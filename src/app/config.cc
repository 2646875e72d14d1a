#include "app/config.h"

#include <arpa/inet.h>
#include <array>
#include <charconv>

#include "model/names.h"

namespace mlgraph::app {
namespace {

using base::ErrorCode;
using base::fail;

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  // "fe80::1%eth0": the part behind the sign is an interface's name.
  const std::string plain = host.substr(0, host.find('%'));
  return host == "localhost" || inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
         inet_pton(AF_INET6, plain.c_str(), parsed.data()) == 1;
}

}  // namespace

base::Result<ListenAddress> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(ErrorCode::kInvalidValue, "'{}' is not HOST:PORT", model::printable(text));
  ListenAddress address;
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  if (!is_address(address.host))
    return fail(
        ErrorCode::kInvalidValue,
        "'{}': '{}' is no IP address",
        model::printable(text),
        model::printable(address.host)
    );
  const auto port = text.substr(colon + 1);
  const auto* end = port.data() + port.size();
  const auto parsed = std::from_chars(port.data(), end, address.port);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return fail(
        ErrorCode::kInvalidValue,
        "'{}': the port is no number from 0 to 65535",
        model::printable(text)
    );
  return address;
}

}  // namespace mlgraph::app
