#pragma once
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include <unistd.h>

#include "client/event_stream.h"

namespace mlgraph::cli {

/// Ctrl-C and SIGTERM end the stream in good order, so that its position can be told; a second one
/// ends the process there and then (its output may be stuck). So does the end of `patience`.
/// SIGUSR1 is how its destructor calls the waiting thread; one from elsewhere is none of ours.
/// Threads  signals are blocked from here on, in this thread and those it begins.
class StopOnSignal {
 public:
  explicit StopOnSignal(
      client::EventStream& stream, std::optional<std::chrono::milliseconds> patience = {}
  ) {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    waiter_ = std::thread([this, &stream, patience] { wait(stream, patience); });
  }
  ~StopOnSignal() {
    leaving_ = true;
    pthread_kill(waiter_.native_handle(), SIGUSR1);
    waiter_.join();
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  /// 0: none has come.
  [[nodiscard]] int signal() const { return signal_; }
  [[nodiscard]] bool time_over() const { return time_over_; }

 private:
  void wait(client::EventStream& stream, std::optional<std::chrono::milliseconds> patience) {
    if (patience) {
      const int first = signal_within(*patience);
      if (first == SIGUSR1) return;  // our own
      signal_ = first;
      time_over_ = first == 0;
      stream.stop();
    }
    for (;;) {
      int signal = 0;
      sigwait(&set_, &signal);
      if (signal == SIGUSR1 && leaving_) return;
      if (signal == SIGUSR1) continue;
      if (signal_.exchange(signal) != 0) ::_exit(128 + signal);
      stream.stop();
    }
  }

  /// 0: the time was over first.
  [[nodiscard]] int signal_within(std::chrono::milliseconds patience) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      using std::chrono::nanoseconds;
      constexpr std::int64_t kPerSecond = 1'000'000'000;
      const nanoseconds left =
          std::max<nanoseconds>(nanoseconds(0), until - std::chrono::steady_clock::now());
      const timespec limit{
          static_cast<time_t>(left.count() / kPerSecond),
          static_cast<long>(left.count() % kPerSecond)};
      const int signal = ::sigtimedwait(&set_, nullptr, &limit);
      const bool from_outside = signal == SIGUSR1 && !leaving_;
      if (signal > 0 && !from_outside) return signal;
      if (signal < 0 && errno != EINTR) return 0;  // stopped and continued is none of ours
    }
  }

  sigset_t set_{};
  std::atomic<int> signal_{0};
  std::atomic<bool> time_over_{false};
  std::atomic<bool> leaving_{false};
  std::thread waiter_;
};

}  // namespace mlgraph::cli
