#pragma once
#include "base/clock.h"
#include "base/mutex.h"

namespace mlgraph::testing {

/// Time that moves only when a test says so. Threads: shared.
class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(base::Timestamp wall = {1'734'863'400'123}) : wall_(wall) {}
  [[nodiscard]] base::Timestamp wall_now() const override {
    base::MutexLock lock(mutex_);
    return wall_;
  }
  [[nodiscard]] base::SteadyTime steady_now() const override {
    base::MutexLock lock(mutex_);
    return steady_;
  }
  void advance(std::chrono::milliseconds by) {
    base::MutexLock lock(mutex_);
    wall_.ms += by.count();
    steady_ += by;
  }
  /// Moves the wall clock alone, as an administrator might.
  void set_wall(base::Timestamp at) {
    base::MutexLock lock(mutex_);
    wall_ = at;
  }

 private:
  mutable base::Mutex mutex_;
  base::Timestamp wall_ MLG_GUARDED_BY(mutex_);
  base::SteadyTime steady_ MLG_GUARDED_BY(mutex_){std::chrono::hours(1)};
};

}  // namespace mlgraph::testing
