#include "app/notify.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"

namespace mlgraph::app {

Notify::Notify() {
  const char* given = std::getenv("NOTIFY_SOCKET");
  if (!given) return;
  socket_ = given;
  ::unsetenv("NOTIFY_SOCKET");
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

Notify::~Notify() {
  if (fd_ >= 0) ::close(fd_);
}

void Notify::ready(std::string_view status) const {
  send(fmt::format("READY=1\nSTATUS={}", status));
}

void Notify::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1'000));
}

void Notify::status(std::string_view status) const { send(fmt::format("STATUS={}", status)); }

void Notify::stopping() const { send("STOPPING=1\nSTATUS=stopping"); }

void Notify::send(std::string_view message) const {
  if (fd_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  if (::sendto(
          fd_,
          message.data(),
          message.size(),
          MSG_NOSIGNAL,
          reinterpret_cast<const sockaddr*>(&address),
          size
      ) < 0)
    base::log(
        base::LogLevel::kWarn,
        "the service manager was not told",
        "message",
        message.substr(0, message.find('\n')),
        "reason",
        std::strerror(errno)
    );
}

}  // namespace mlgraph::app
