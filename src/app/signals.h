#pragma once

namespace mlgraph::app {

/// SIGTERM, SIGINT and SIGHUP, one after the other as they come; SIGPIPE is ignored.
///
/// By a handler and a pipe, not by blocking and sigwait(): libraries start threads before main()
/// runs, with every signal unblocked, and one that such a thread gets would end the process in the
/// middle of its stop. Threads  install before others begin; next() on one thread.
class Signals {
 public:
  Signals();  ///< once a process
  [[nodiscard]] int next();

 private:
  int read_end_ = -1;
};

}  // namespace mlgraph::app
