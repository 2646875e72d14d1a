#pragma once

namespace mlgraph::cli {
/// That of the server it was built with; `mlgraph doctor` compares them.
inline constexpr const char* kVersion = "0.1.0";
}  // namespace mlgraph::cli
