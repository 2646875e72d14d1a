#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mlgraph::gateway {

/// "http://host", "https://host:port": what a browser sends.
[[nodiscard]] bool is_origin(std::string_view text);

/// Which browser origins may connect: exact scheme, host and port.
/// Empty list: the same origin as the Host header, and loopback. "*": all. Threads: immutable.
class OriginPolicy {
 public:
  explicit OriginPolicy(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}
  [[nodiscard]] bool allows(std::string_view origin, std::string_view host, bool tls) const;

 private:
  std::vector<std::string> allowed_;
};

/// Hosts served (without or with port); empty: all.
class HostPolicy {
 public:
  explicit HostPolicy(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}
  [[nodiscard]] bool allows(std::string_view host) const;

 private:
  std::vector<std::string> allowed_;
};

}  // namespace mlgraph::gateway
