#pragma once
#include <string>

#include "gateway/auth/authenticator.h"

namespace mlgraph::app {

/// Settles which admin token is valid from this start on. The `configured` one, if there is one; it
/// replaces every earlier one, and a file that holds another is removed. Else the one that was set
/// last: given on an earlier start, or made and kept in `<data_dir>/admin.token` (0600; made anew
/// if that file has gone). The path is logged, a token never. errors  kInvalidValue, kInternal
/// naming the file.
[[nodiscard]] base::Result<void> settle_admin_token(
    gateway::Authenticator& authenticator,
    const std::string& configured,
    const std::string& data_dir
);

}  // namespace mlgraph::app
