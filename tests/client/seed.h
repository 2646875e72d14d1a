#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace mlgraph::testing {

/// This run's seed, printed once; MLG_SEED replays one.
inline std::uint64_t seed() {
  static const std::uint64_t kSeed = [] {
    const char* given = std::getenv("MLG_SEED");
    const std::uint64_t value =
        given ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
    std::printf("MLG_SEED=%llu\n", static_cast<unsigned long long>(value));
    return value;
  }();
  return kSeed;
}

}  // namespace mlgraph::testing
