#pragma once
// What other threads want a loop to do.
#include <array>
#include <cstdint>
#include <deque>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/mutex.h"

namespace mlgraph::gateway {

/// Steps in the order in which they were posted. The loop is woken outside the lock: on a machine
/// whose cores are all busy it takes the poster's place at once, and would find the lock held.
/// (Asio's own post wakes inside its lock: each answer cost the loop a second sleep.)
/// Full      never refused, for an answer must arrive; its posters bound it: one answer a request
/// under way, a few steps a connection, one a batch of the hub until it has been taken.
/// Threads   post: anywhere. The rest: the loop's thread.
class Inbox {
 public:
  using Step = std::function<void()>;
  explicit Inbox(boost::asio::io_context& io);
  ~Inbox();  ///< drops what is left, and what is posted by its being dropped
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// `wake`: false from the loop's own thread, which looks here before it sleeps.
  void post(Step step, bool wake);
  /// Runs the step that has waited longest; false when there is none.
  bool run_one();
  [[nodiscard]] bool empty();

 private:
  void wait();
  /// Whether there is something in taken_.
  bool take();

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> awake_;
  std::uint64_t woken_ = 0;  ///< read from awake_
  std::deque<Step> taken_;
  base::Mutex mutex_;
  std::deque<Step> posted_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::gateway
