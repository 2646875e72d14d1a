#pragma once
#include "base/error.h"
#include "base/json.h"

namespace mlgraph::client {

/// What the server says against us: the data of an "error" message, {code, message,
/// retry_after_ms}. A code that this program does not know is kInternal.
[[nodiscard]] base::Error error_in(const base::Json& data);

}  // namespace mlgraph::client
