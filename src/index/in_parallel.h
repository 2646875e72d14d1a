#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace mlgraph::index {

/// Runs `work(begin, end)` over [0, n) in pieces of at most `step` on `threads` threads, of which
/// the caller's is one.
inline void in_parallel(
    std::size_t n,
    std::size_t step,
    std::size_t threads,
    const std::function<void(std::size_t, std::size_t)>& work
) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t begin; (begin = next.fetch_add(step)) < n;)
      work(begin, std::min(n, begin + step));
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(run);
  run();
  for (auto& helper : helpers) helper.join();
}

}  // namespace mlgraph::index
