#pragma once
#include <string>
#include <string_view>

namespace mlgraph::app {

/// What a service manager is told of the daemon's life: systemd's notification protocol, one
/// datagram a message to the socket that NOTIFY_SOCKET names. Without that variable nothing is
/// said. Spoken here and not by libsystemd, which would bring four compression and crypto libraries
/// into the process for one sendmsg(); sd_notify(3) says the protocol is stable and made for this.
/// Threads   one. Lifetime  takes the variable out of the environment: no child speaks in our name.
class Notify {
 public:
  Notify();
  ~Notify();
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;

  void ready(std::string_view status) const;
  void reloading() const;
  void status(std::string_view status) const;
  void stopping() const;

 private:
  void send(std::string_view message) const;

  std::string socket_;  ///< a path, or "@name" of the abstract kind; empty: nobody listens
  int fd_ = -1;
};

}  // namespace mlgraph::app
