#pragma once
#include <atomic>

namespace mlgraph::base {

/// A setting that may change while others read it: each reader sees the old value or the new one.
/// Nothing is said about the order of two of them. Threads: shared; a read costs what a plain one
/// does.
template <typename T>
class Live {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): stands where a T stood.
  Live(T value = {}) : value_(value) {}
  Live(const Live& other) : value_(other.get()) {}
  Live& operator=(const Live& other) {
    value_.store(other.get(), std::memory_order_relaxed);
    return *this;
  }
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator T() const { return get(); }
  [[nodiscard]] T get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_;
};

}  // namespace mlgraph::base
