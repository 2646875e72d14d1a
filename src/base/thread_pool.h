#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace mlgraph::base {

/// Where work may be posted. The test double runs steps by hand.
class Executor {
 public:
  virtual ~Executor() = default;
  /// false when the queue is full or stopping: the work was not taken, and the caller says so.
  [[nodiscard]] virtual bool try_post(std::function<void()> work) = 0;
};

/// Threads with one bounded queue between them.
/// Threads    shared.
/// Lifetime   stop() refuses new work, runs what is queued, joins; the destructor stops too.
class ThreadPool final : public Executor {
 public:
  struct Options {
    std::string name;  ///< thread names in tools, at most 12 characters
    std::size_t threads = 1;
    std::size_t queue_max = 1024;  ///< waiting tasks; beyond it try_post answers false
    int nice = 0;                  ///< added to the threads' niceness
  };
  explicit ThreadPool(Options options);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] bool try_post(std::function<void()> work) override;
  void stop();
  [[nodiscard]] std::size_t queued() const;
  /// What is queued beyond a smaller bound still runs.
  void set_queue_max(std::size_t tasks);

 private:
  void run(std::size_t number);

  const Options options_;
  mutable Mutex mutex_;
  std::size_t queue_max_ MLG_GUARDED_BY(mutex_);
  CondVar ready_;
  std::deque<std::function<void()>> queue_ MLG_GUARDED_BY(mutex_);
  bool stopping_ MLG_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

/// Names the calling thread and adds to its niceness, for explicit threads outside a pool.
void set_thread_role(const std::string& name, int nice);

}  // namespace mlgraph::base
