#include "app/signals.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/check.h"

namespace mlgraph::app {
namespace {

// For the handler, which is given nothing but a number: what has come, and the pipe that wakes
// next(). Each kind is a flag, so that a storm of one never hides the first of another.
constinit std::atomic<bool> stop_came{false};
constinit std::atomic<bool> reload_came{false};
constinit std::atomic<bool> wake_came{false};
static_assert(std::atomic<bool>::is_always_lock_free);
constinit int read_end = -1;
constinit int write_end = -1;

void ring() {
  const int before = errno;
  // A full pipe wakes next() as well as one more byte would.
  static_cast<void>(::write(write_end, "", 1) == 1);
  errno = before;
}

/// All three, and from now on.
void answer_with(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  action.sa_handler = handler;
  for (const int signal : {SIGHUP, SIGINT, SIGTERM})
    static_cast<void>(::sigaction(signal, &action, nullptr));
}

void note(int signal) {
  (signal == SIGHUP ? reload_came : stop_came).store(true);
  ring();
}

}  // namespace

void catch_signals() {
  if (read_end >= 0) return;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;  // told by Signals, where it can be
  for (const int end : ends) static_cast<void>(::fcntl(end, F_SETFL, O_NONBLOCK));
  read_end = ends[0];
  write_end = ends[1];
  answer_with(note);
  std::signal(SIGPIPE, SIG_IGN);
  // Whoever started us may have blocked them.
  sigset_t ours;
  sigemptyset(&ours);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&ours, signal);
  static_cast<void>(::sigprocmask(SIG_UNBLOCK, &ours, nullptr));
}

Signals::Signals() {
  catch_signals();
  MLG_CHECK(read_end >= 0);
}

Wish Signals::next() {
  for (;;) {
    if (stop_came) {
      // Nothing else is heard from now on, and a storm is not even delivered: the kernel lengthens
      // an interrupted sleep by its slack each time, so that one of the stop's might never end.
      answer_with(SIG_IGN);
      return Wish::kStop;
    }
    if (reload_came.exchange(false)) return Wish::kReload;
    if (wake_came.exchange(false)) return Wish::kLook;
    // Waits where the thread sanitizer lets a handler run; in read() it holds it back.
    pollfd wanted{read_end, POLLIN, 0};
    ::poll(&wanted, 1, -1);
    std::array<char, 256> rings{};
    static_cast<void>(::read(read_end, rings.data(), rings.size()) > 0);
  }
}

bool Signals::stop_asked() const { return stop_came; }

void Signals::wake() {
  wake_came = true;
  ring();
}

}  // namespace mlgraph::app
