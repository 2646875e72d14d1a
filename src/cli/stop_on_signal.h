#pragma once
#include <csignal>
#include <thread>

#include <unistd.h>

#include "client/event_stream.h"

namespace mlgraph::cli {

/// Ctrl-C and SIGTERM end the stream in good order, so that its position can be told; a second one
/// ends the process there and then (its output may be stuck).
class StopOnSignal {
 public:
  explicit StopOnSignal(client::EventStream& stream) {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    waiter_ = std::thread([this, &stream] {
      for (bool stopped = false;;) {
        int signal = 0;
        sigwait(&set_, &signal);
        if (signal == SIGUSR1) return;
        if (std::exchange(stopped, true)) ::_exit(128 + signal);
        stream.stop();
      }
    });
  }
  ~StopOnSignal() {
    pthread_kill(waiter_.native_handle(), SIGUSR1);
    waiter_.join();
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  sigset_t set_{};
  std::thread waiter_;
};

}  // namespace mlgraph::cli
