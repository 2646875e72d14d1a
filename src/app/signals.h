#pragma once
#include <cstdint>

namespace mlgraph::app {

/// What the outside asks of the daemon.
enum class Wish : std::uint8_t {
  kStop,    ///< SIGTERM or SIGINT came, once or a hundred times: from then on nothing else is
            ///< answered
  kReload,  ///< SIGHUP came, any number of times since the last answer
  kLook,    ///< wake() was called
};

/// From here on no signal ends the process: SIGTERM, SIGINT and SIGHUP are kept for Signals,
/// SIGPIPE is ignored. By handlers and a pipe, not by blocking and sigwait(): libraries start
/// threads before main() runs, with every signal unblocked, and one that such a thread gets would
/// take its default action. Threads  once a process, before others begin; needs nothing of the C++
/// runtime, so that it may run before any library's constructors.
void catch_signals();

/// The signals caught since catch_signals(). Threads  next(): one; the others: any.
class Signals {
 public:
  Signals();  ///< catches them, if that was not done yet
  /// Waits for the next wish. A stop comes before everything else.
  [[nodiscard]] Wish next();
  [[nodiscard]] bool stop_asked() const;
  void wake();
};

}  // namespace mlgraph::app
