#pragma once
#include <deque>
#include <functional>

#include "base/mutex.h"
#include "base/thread_pool.h"

namespace mlgraph::testing {

/// Runs what was posted when a test says so, in order. Threads: shared.
class HandExecutor final : public base::Executor {
 public:
  [[nodiscard]] bool try_post(std::function<void()> work) override {
    base::MutexLock lock(mutex_);
    steps_.push_back(std::move(work));
    return true;
  }
  /// false: there was nothing to run.
  bool run_one() {
    std::function<void()> step;
    {
      base::MutexLock lock(mutex_);
      if (steps_.empty()) return false;
      step = std::move(steps_.front());
      steps_.pop_front();
    }
    step();
    return true;
  }
  /// Runs what is posted now; what those steps post waits for the next call.
  void run() {
    for (std::size_t left = size(); left > 0; --left) run_one();
  }
  [[nodiscard]] std::size_t size() const {
    base::MutexLock lock(mutex_);
    return steps_.size();
  }

 private:
  mutable base::Mutex mutex_;
  std::deque<std::function<void()>> steps_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::testing
