#pragma once
// std::mutex with clang's thread-safety annotations (build preset `lint` verifies them).
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define MLG_ATTRIBUTE(x) __attribute__((x))
#else
#define MLG_ATTRIBUTE(x)
#endif
#define MLG_CAPABILITY(x) MLG_ATTRIBUTE(capability(x))
#define MLG_SCOPED_CAPABILITY MLG_ATTRIBUTE(scoped_lockable)
#define MLG_GUARDED_BY(x) MLG_ATTRIBUTE(guarded_by(x))
#define MLG_REQUIRES(...) MLG_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define MLG_REQUIRES_SHARED(...) MLG_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define MLG_ACQUIRE(...) MLG_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define MLG_RELEASE(...) MLG_ATTRIBUTE(release_capability(__VA_ARGS__))
#define MLG_ACQUIRE_SHARED(...) MLG_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define MLG_RELEASE_SHARED(...) MLG_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define MLG_RELEASE_GENERIC(...) MLG_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
#define MLG_EXCLUDES(...) MLG_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace mlgraph::base {

class MLG_CAPABILITY("mutex") Mutex {
 public:
  void lock() MLG_ACQUIRE() { mutex_.lock(); }
  void unlock() MLG_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class MLG_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MLG_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() MLG_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Many readers or one writer.
class MLG_CAPABILITY("mutex") SharedMutex {
 public:
  void lock() MLG_ACQUIRE() { mutex_.lock(); }
  void unlock() MLG_RELEASE() { mutex_.unlock(); }
  void lock_shared() MLG_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() MLG_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

class MLG_SCOPED_CAPABILITY WriteLock {
 public:
  explicit WriteLock(SharedMutex& mutex) MLG_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriteLock() MLG_RELEASE() { mutex_.unlock(); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class MLG_SCOPED_CAPABILITY ReadLock {
 public:
  explicit ReadLock(SharedMutex& mutex) MLG_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReadLock() MLG_RELEASE_GENERIC() { mutex_.unlock_shared(); }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  SharedMutex& mutex_;
};

/// Waits with a base::Mutex held; callers loop on their condition.
class CondVar {
 public:
  void wait(Mutex& mutex) MLG_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// false when `deadline` passed first.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      MLG_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    // The system clock's wait is the one ThreadSanitizer of g++ 12 intercepts.
    const auto left = deadline - std::chrono::steady_clock::now();
    const auto status = condition_.wait_until(
        lock,
        std::chrono::system_clock::now() +
            std::chrono::duration_cast<std::chrono::microseconds>(left)
    );
    lock.release();
    return status == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace mlgraph::base
