#pragma once
#include <string>

#include "base/error.h"

namespace mlgraph::gateway {

/// Whether certificate and key can be served: readable, of one pair, and valid today. errors
/// kInvalidValue naming the file.
[[nodiscard]] base::Result<void> check_tls_files(
    const std::string& cert_file, const std::string& key_file
);

}  // namespace mlgraph::gateway
