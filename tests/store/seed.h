#pragma once
#include <cstdint>
#include <cstdlib>
#include <random>

namespace mlgraph::testing {

/// What random tests begin with: MLG_SEED replays a printed one, otherwise each run has its own.
[[nodiscard]] inline std::uint64_t seed() {
  if (const char* given = std::getenv("MLG_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

/// How often a test that gets better with time repeats itself: MLG_CYCLES, or `few` by default.
[[nodiscard]] inline int cycles(int few) {
  const char* given = std::getenv("MLG_CYCLES");
  return given ? std::atoi(given) : few;
}

}  // namespace mlgraph::testing
