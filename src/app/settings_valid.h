#pragma once
// What texts of settings must be besides being texts.
#include <string>

#include "base/error.h"

namespace mlgraph::app {

// Each: errors kInvalidValue naming the value and what it must be.
[[nodiscard]] base::Result<void> valid_listen(const std::string& text);
[[nodiscard]] base::Result<void> valid_node(const std::string& text);
[[nodiscard]] base::Result<void> valid_data_dir(const std::string& text);
[[nodiscard]] base::Result<void> valid_origin(const std::string& text);
[[nodiscard]] base::Result<void> valid_host(const std::string& text);
[[nodiscard]] base::Result<void> valid_log_level(const std::string& text);

}  // namespace mlgraph::app
