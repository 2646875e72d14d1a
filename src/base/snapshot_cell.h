#pragma once
#include <memory>
#include <utility>

#include "base/mutex.h"

namespace mlgraph::base {
/// One immutable value, swapped whole; readers keep what they got as long as they like.
/// Threads: shared. (g++ 12's atomic<shared_ptr> is reported as a race by ThreadSanitizer.)
template <typename T>
class SnapshotCell {
 public:
  SnapshotCell() = default;
  explicit SnapshotCell(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<const T> load() const {
    MutexLock lock(mutex_);
    return value_;
  }
  void store(std::shared_ptr<const T> value) {
    MutexLock lock(mutex_);
    value_.swap(value);
  }  // the old value is released after the lock

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ MLG_GUARDED_BY(mutex_);
};
}  // namespace mlgraph::base
