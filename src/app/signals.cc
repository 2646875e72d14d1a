#include "app/signals.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"

namespace mlgraph::app {
namespace {

int write_end = -1;  // for the handler, which is given nothing but a number

void pass_on(int signal) {
  const int before = errno;
  const auto number = static_cast<unsigned char>(signal);
  // A full pipe holds thousands that nobody has heard yet: one more says nothing new.
  static_cast<void>(::write(write_end, &number, 1) == 1);
  errno = before;
}

}  // namespace

Signals::Signals() {
  std::array<int, 2> ends{};
  MLG_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  read_end_ = ends[0];
  write_end = ends[1];
  MLG_CHECK(::fcntl(write_end, F_SETFL, O_NONBLOCK) == 0);
  struct sigaction action {};
  action.sa_handler = pass_on;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    MLG_CHECK(::sigaction(signal, &action, nullptr) == 0);
  std::signal(SIGPIPE, SIG_IGN);
}

int Signals::next() {
  unsigned char number = 0;
  while (::read(read_end_, &number, 1) != 1) {
  }
  return number;
}

}  // namespace mlgraph::app
