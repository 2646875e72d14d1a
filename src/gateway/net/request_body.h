#pragma once
// A request's body on its way from the socket to its handler.
#include <functional>
#include <memory>

#include "gateway/net/body_decoder.h"
#include "gateway/net/body_lease.h"
#include "gateway/net/body_pace.h"
#include "gateway/net/body_pipe.h"
#include "gateway/net/request_parser.h"
#include "gateway/net/shared.h"

namespace mlgraph::gateway {

/// Gathers the body in the request, or hands it through a pipe while it comes, as the route wants
/// it; holds it to its limits of size, time and, gathered, to the bytes of all bodies.
/// Threads    confined to the connection's loop; the pipe's other end is the handler's.
/// Lifetime   from the head to the answer's end: the bytes count as long.
class RequestBody {
 public:
  /// `head` outlives it. `on_room` is called from the handler's thread when a full pipe has room
  /// again.
  RequestBody(
      const ParsedHead& head,
      const Route& route,
      ServerShared& shared,
      std::function<void()> on_room
  );

  /// Takes what belongs to the body from the front of `in`.
  /// returns  how many bytes that were.
  /// errors   kBadRequest, kTooLarge, kHeadersTooLarge, kOverloaded.
  [[nodiscard]] base::Result<std::size_t> take(std::string_view in, base::SteadyTime now);
  [[nodiscard]] bool whole() const { return decoder_.done(); }
  [[nodiscard]] bool streams() const { return pipe_ != nullptr; }
  /// Whether to read on; a full pipe waits for its reader.
  [[nodiscard]] bool has_room() const { return !pipe_ || pipe_->has_room(); }
  void on_room(base::SteadyTime now) { pace_.excuse(now); }
  void excuse(std::chrono::milliseconds time) { pace_.excuse(time); }

  /// Called now and then. errors kTimeout, once it came too slowly.
  [[nodiscard]] base::Result<void> judge(base::SteadyTime now);
  [[nodiscard]] bool timed_out() const { return timed_out_; }
  /// What is told when the connection ended before the body did.
  [[nodiscard]] base::Error cut_short() const;
  /// Tells the pipe's reader, who hears of the first failure.
  void fail(base::Error error);

 private:
  [[nodiscard]] base::Result<void> gather(std::string_view bytes);

  const ParsedHead& head_;
  const ServerOptions& options_;
  BodyDecoder decoder_;
  BodyPace pace_;
  BodyLease lease_;
  const std::shared_ptr<BodyPipe> pipe_;
  bool timed_out_ = false;
};

}  // namespace mlgraph::gateway
