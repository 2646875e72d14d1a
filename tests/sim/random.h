#pragma once
#include <cstdint>
#include <random>
#include <vector>

namespace mlgraph::sim {

/// The one source of chance of a run. The numbers of mt19937_64 are fixed by the standard; the
/// library's distributions are not, so none is used: a seed means the same run everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] std::uint64_t next() { return engine_(); }
  /// 0 .. n - 1
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  /// low .. high
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <typename Items>
  [[nodiscard]] const auto& one_of(const Items& items) {
    return items[below(items.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace mlgraph::sim
