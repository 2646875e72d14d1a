#pragma once

namespace mlgraph::base {
/// Of every program here; CMakeLists.txt reads it too. `mlgraph doctor` compares it with the
/// server's.
inline constexpr const char* kVersion = "0.1.0";
}  // namespace mlgraph::base
