#include "base/thread_pool.h"

#include <sys/resource.h>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

namespace mlgraph::base {

void set_thread_role(const std::string& name, int nice) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  // Linux keeps niceness per thread: "who" 0 is the calling thread.
  if (nice != 0) static_cast<void>(setpriority(PRIO_PROCESS, 0, nice));
}

ThreadPool::ThreadPool(Options options)
    : options_(std::move(options)), queue_max_(options_.queue_max) {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this, i] { run(i); });
}

ThreadPool::~ThreadPool() { stop(); }

bool ThreadPool::try_post(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(work));
  }
  ready_.notify_one();
  return true;
}

void ThreadPool::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void ThreadPool::set_queue_max(std::size_t tasks) {
  MutexLock lock(mutex_);
  queue_max_ = tasks;
}

std::size_t ThreadPool::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

void ThreadPool::run(std::size_t number) {
  set_thread_role(fmt::format("{}-{}", options_.name, number), options_.nice);
  for (;;) {
    std::function<void()> work;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) ready_.wait(mutex_);
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace mlgraph::base
