#pragma once
// A turn's writes to plain sockets: a system call each, or all of them in one through io_uring.
#include <memory>

#include "hub/sender.h"

namespace mlgraph::gateway {

/// Writes by a send each, or all of a call through io_uring where that is wanted and the kernel
/// lets us: a container may forbid it, and then the log says so once. Threads   confined to the
/// loop that calls it, where the ring is made.
class LoopSender final : public hub::Sender {
 public:
  explicit LoopSender(bool io_uring) : wants_ring_(io_uring) {}
  void send(std::span<hub::Write> writes) override;

 private:
  void choose();
  const bool wants_ring_;
  std::unique_ptr<hub::Sender> chosen_;  ///< at the first call
};

}  // namespace mlgraph::gateway
