#include "client/trust.h"

namespace mlgraph::client {
namespace {

constexpr std::string_view kMember = "ca_file";

}  // namespace

base::Error untrusted(const ServerUrl& server, std::string_view reason) {
  return {
      base::ErrorCode::kInternal,
      fmt::format("cannot trust {}: {}", to_text(server), reason),
      std::string(kMember),
      {}};
}

bool is_untrusted(const base::Error& error) {
  return error.code == base::ErrorCode::kInternal && error.member == kMember;
}

}  // namespace mlgraph::client
