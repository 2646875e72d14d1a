#pragma once
// One I/O thread: its sockets, its share of the hub, its once-a-second deadlines.
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "gateway/net/inbox.h"
#include "gateway/net/senders.h"
#include "hub/hub.h"
#include "metrics/server_metrics.h"

namespace mlgraph::gateway {

/// Whatever lives on a loop: owned by it until it removes itself.
class Connection {
 public:
  virtual ~Connection() = default;
  /// About once a second. `woke_late`: the process had been stopped; deadlines are not to be judged
  /// this time.
  virtual void on_tick(base::SteadyTime now, bool woke_late) = 0;
  /// The server drains: end soon. WebSockets say `code` with `reason`.
  virtual void on_drain(std::string_view reason) = 0;
  /// End now.
  virtual void abort() = 0;

 private:
  friend class Loop;
  std::size_t place_ = 0;  ///< among its loop's connections
};

/// Threads   post: anywhere. The rest: the loop's thread.
class Loop {
 public:
  static constexpr std::size_t kReadBuffer = 64 * 1024;
  Loop(
      hub::Hub& hub,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock,
      std::size_t number,
      bool io_uring
  );
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  /// Ends the thread once its present step is done; what is posted later is dropped with the loop.
  void stop();
  void post(std::function<void()> step) {
    inbox_.post(std::move(step), std::this_thread::get_id() != runs_on_.load());
  }

  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  [[nodiscard]] hub::LoopFeed& feed() { return feed_; }
  [[nodiscard]] metrics::ServerMetrics& metrics() { return metrics_; }
  [[nodiscard]] const base::Clock& clock() const { return clock_; }
  /// Shared by all connections of the loop: what is read is consumed before the next read.
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }

  void add(std::shared_ptr<Connection> connection);
  void remove(Connection* connection);
  [[nodiscard]] std::size_t connections() const { return count_.load(std::memory_order_relaxed); }
  /// Calls each connection; they may remove themselves meanwhile.
  void for_each(const std::function<void(Connection&)>& visit);

 private:
  void run();
  void arm_tick();
  void on_tick();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  Inbox inbox_{io_};
  metrics::ServerMetrics& metrics_;
  const base::Clock& clock_;
  const std::size_t number_;
  LoopSender sender_;
  hub::LoopFeed& feed_;
  boost::asio::steady_timer tick_{io_};
  base::SteadyTime last_tick_;
  std::uint64_t cpu_before_ = 0;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::size_t next_ticked_ = 0;
  std::size_t late_left_ = 0;  ///< connections still to be told that the process had been stopped
  std::size_t ticks_ = 0;
  std::atomic<std::size_t> count_{0};
  std::atomic<bool> stopping_{false};
  std::array<char, kReadBuffer> read_buffer_{};
  std::atomic<std::thread::id> runs_on_{};  ///< none before it runs
  std::thread thread_;
};

}  // namespace mlgraph::gateway
