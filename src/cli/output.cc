#include "cli/output.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace mlgraph::cli {

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    pollfd wanted{descriptor, POLLOUT, 0};  // a pipe that somebody has made non-blocking
    ::poll(&wanted, 1, -1);
  }
  return 0;
}

Output::Output() { std::signal(SIGPIPE, SIG_IGN); }

bool Output::line(std::string_view text) {
  std::string whole(text);
  whole.push_back('\n');
  return put(whole);
}

bool Output::put(std::string_view text) {
  if (error_ == 0) error_ = write_all(STDOUT_FILENO, text);
  return error_ == 0;
}

bool Output::reader_gone() const { return error_ == EPIPE; }

std::string Output::failure() const { return std::strerror(error_); }

void note(std::string_view text) {
  std::string whole(text);
  whole.push_back('\n');
  static_cast<void>(write_all(STDERR_FILENO, whole));
}

void guard_standard_streams() {
  constexpr std::array kWrongWay = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int descriptor = 0; descriptor < 3; ++descriptor)
    if (::fcntl(descriptor, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", kWrongWay.at(static_cast<std::size_t>(descriptor))));
}

}  // namespace mlgraph::cli
