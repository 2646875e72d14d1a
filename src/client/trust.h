#pragma once
// A server whose certificate does not verify: one error, whoever meets it.
#include <string_view>

#include "base/error.h"
#include "client/url.h"

namespace mlgraph::client {

/// kInternal, at the member of Connection that would mend it.
[[nodiscard]] base::Error untrusted(const ServerUrl& server, std::string_view reason);
/// Whether an error of this module is that one.
[[nodiscard]] bool is_untrusted(const base::Error& error);

}  // namespace mlgraph::client
