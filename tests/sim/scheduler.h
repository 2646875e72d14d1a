#pragma once
// Who does the next step: everything that could run is offered, chance picks one.
#include <deque>
#include <functional>
#include <vector>

#include "base/thread_pool.h"
#include "sim/random.h"

namespace mlgraph::sim {

/// Steps in the order they were posted, run by hand: a loop's, the committer's, the replayer's.
class HandQueue final : public base::Executor {
 public:
  [[nodiscard]] bool try_post(std::function<void()> work) override {
    steps_.push_back(std::move(work));
    return true;
  }
  void post(std::function<void()> work) { steps_.push_back(std::move(work)); }
  void run_one() {
    auto step = std::move(steps_.front());
    steps_.pop_front();
    step();
  }
  [[nodiscard]] std::size_t size() const { return steps_.size(); }
  [[nodiscard]] bool empty() const { return steps_.empty(); }
  /// What a crash does.
  void drop() { steps_.clear(); }

 private:
  std::deque<std::function<void()>> steps_;
};

class Scheduler {
 public:
  explicit Scheduler(Random& random) : random_(random) {}
  void offer(std::uint64_t weight, std::function<void()> step) {
    offered_.push_back({weight, std::move(step)});
    total_ += weight;
  }
  /// Runs one of the steps offered, by weight; the others are forgotten.
  void run_one() {
    auto offered = std::move(offered_);
    offered_.clear();
    auto at = random_.below(std::exchange(total_, 0));
    for (const auto& [weight, step] : offered) {
      if (at < weight) return step();
      at -= weight;
    }
  }

 private:
  struct Offer {
    std::uint64_t weight;
    std::function<void()> step;
  };
  Random& random_;
  std::vector<Offer> offered_;
  std::uint64_t total_ = 0;
};

}  // namespace mlgraph::sim
