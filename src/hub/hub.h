#pragma once
// Delivery: one ordered log in, any number of sessions out. No sockets here: a session is a
// Subscriber.
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/live.h"
#include "base/thread_pool.h"
#include "metrics/server_metrics.h"
#include "model/cursor.h"
#include "model/entry.h"
#include "model/fold.h"
#include "protocol/channel.h"
#include "store/log.h"

namespace mlgraph::hub {

class Sender;

/// One event as every session gets it: the WebSocket frame (header and JSON), encoded once.
/// Immutable.
class Frame {
 public:
  std::uint64_t seq = 0;  ///< 0: a metric
  model::EventKind kind = model::EventKind::kMetricsSystem;
  std::string entity;
  std::string index;
  std::string wire;  ///< frame header, then the JSON message
  std::uint32_t header_size = 0;
  base::SteadyTime published;  ///< when it was handed to the hub, for the latency histogram
  [[nodiscard]] std::string_view json() const { return std::string_view(wire).substr(header_size); }
  /// The frame with its message compressed, made when the first session needs it: once for all.
  /// Threads: shared.
  [[nodiscard]] std::string_view deflated_wire() const;

 private:
  mutable std::once_flag deflated_once_;
  mutable std::string deflated_;
};
using FramePtr = std::shared_ptr<const Frame>;
using FrameBatch = std::shared_ptr<const std::vector<FramePtr>>;

/// A session's slot in its loop; a closed slot is reused under a new generation.
struct SlotId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool operator==(const SlotId&) const = default;
};

enum class Encoding : std::uint8_t {
  kWebSocket,
  kWebSocketDeflate,  ///< permessage-deflate was negotiated
  kServerSentEvents
};

/// The session's side. All calls on the session's loop.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  struct Written {
    std::size_t bytes = 0;
    bool failed = false;  ///< the connection is gone
  };
  /// Hands bytes to the socket, never blocking. Fewer bytes than offered: the hub waits for
  /// on_writable(). Not called for a session whose socket the loop's Sender writes to.
  virtual Written try_write(std::span<const iovec> pieces) = 0;
  /// The loop's Sender found the connection gone. Called inside flush.
  virtual void on_broken() {}
  /// Bytes were taken; called inside flush while LoopFeed::tell_when_written() asks for it.
  virtual void on_written() {}
  /// Ask for LoopFeed::on_writable() once the socket takes bytes again.
  virtual void want_writable() = 0;
  /// The hub gives this session up (4102 slow consumer: no byte taken for too long, or its cursor
  /// past retention; 1011 when the log cannot be read): close it with `code`. What was queued is
  /// dropped but for a frame already begun, so a close frame sent now is next. Called inside flush
  /// or tick.
  virtual void on_evicted(int code, std::string_view reason) = 0;
};

/// One message of a `state` answer.
struct StatePart {
  std::string message;
  bool last = false;
};
/// Makes the parts of a `state` answer as the socket has room, under the scopes that the session
/// has by then. Not called again after the last one.
using PartSource = std::function<StatePart(const protocol::Scopes& scopes)>;

struct Subscribed {
  std::vector<std::string> channels;  ///< all patterns now
  std::string id;                     ///< where delivery begins
  bool recovered = false;
  bool cursor_expired = false;  ///< `since` was given but could not be honoured
};

/// The sessions of one I/O loop.
/// Place      one per loop, owned by Hub.
/// Invariant  a live session has been given every matching entry up to tail(); one behind reads on
/// from its cursor,
///            ring first, then disk; order kept, each event once, however many patterns match.
/// Threads    confined to the loop.
class LoopFeed {
 public:
  virtual ~LoopFeed() = default;
  struct SessionOptions {
    Encoding encoding = Encoding::kWebSocket;
    std::size_t queue_bytes_max = 256 * 1024;
    std::size_t patterns_max = 128;
    int socket = -1;  ///< what the loop's Sender writes to; -1: Subscriber::try_write does
  };
  virtual SlotId open(
      Subscriber& subscriber, const protocol::Scopes& scopes, SessionOptions options
  ) = 0;
  virtual void close(SlotId slot) = 0;
  /// As it was opened; of a slot that is closed, the defaults.
  [[nodiscard]] virtual SessionOptions options(SlotId slot) const = 0;
  /// The session says goodbye: its patterns, states to come and samples that wait are dropped; what
  /// is queued stays queued.
  virtual void end_delivery(SlotId slot) = 0;

  /// All or nothing. `since`: events after it that match the patterns new in this request, then
  /// live; nothing that was sent on this session before is sent again, whatever its patterns were
  /// then. `answer` makes the `subscribed` message (or empty) queued before any event of it; it
  /// gets the outcome. errors kInvalidChannel, kForbidden, kTooManyChannels, kBadRequest
  /// (unreadable or future since).
  virtual base::Result<Subscribed> subscribe(
      SlotId slot,
      const std::vector<std::string>& channels,
      const std::optional<std::string>& since,
      const std::function<std::string(const Subscribed&)>& answer
  ) = 0;
  /// Offers what has been published so far now, not at the next turn. Before a state is taken: no
  /// older sample follows it then.
  virtual void take_published() = 0;
  /// Sends a state at `seq`, in order with the events: those up to `seq` go out before it (a
  /// moment's wait where this loop has not seen them yet), then the parts as the socket has room,
  /// then events after `seq`. So it is exact whichever channels it covers, and nothing is left out
  /// or doubled for the others. `seq` must not be older than position(slot): take the newest fold
  /// now. `parts` must not call the feed. More than 64 states waiting: evicted.
  virtual void send_state(SlotId slot, std::uint64_t seq, PartSource parts) = 0;
  /// Whether a state is still to be sent. Requests are answered in order: those behind it wait.
  [[nodiscard]] virtual bool state_pending(SlotId slot) const = 0;
  virtual std::vector<std::string> unsubscribe(
      SlotId slot, const std::vector<std::string>& channels
  ) = 0;
  /// Re-evaluates under other scopes; returns patterns that had to go.
  virtual std::vector<std::string> set_scopes(SlotId slot, const protocol::Scopes& scopes) = 0;
  [[nodiscard]] virtual std::vector<std::string> channels(SlotId slot) const = 0;

  /// Queues one answer (JSON message, framed here) or control frame (already framed) behind what is
  /// queued. Answers are not held back; a session that lets them pile up beyond twice its queue
  /// bound is evicted at the next flush.
  virtual void send_message(SlotId slot, std::string_view json) = 0;
  virtual void send_raw(SlotId slot, std::string bytes) = 0;
  /// The newest seq this session is past.
  [[nodiscard]] virtual std::uint64_t position(SlotId slot) const = 0;
  [[nodiscard]] virtual std::size_t queued_bytes(SlotId slot) const = 0;
  /// True once everything queued has been taken by the socket: used before closing.
  [[nodiscard]] virtual bool drained(SlotId slot) const = 0;
  /// Whether Subscriber::on_written() is to be called after each write.
  virtual void tell_when_written(SlotId slot, bool tell) = 0;

  virtual void on_writable(SlotId slot) = 0;
  /// End of a turn: one vectored write per dirty session, and a bounded piece of catching up for
  /// those behind; when more is left to do, another turn is asked for through Hub::Post.
  virtual void flush() = 0;
  /// About once a second: slow-consumer deadlines (no byte taken for 30 s). `woke_late`: the
  /// process had been stopped, and the deadlines begin anew.
  virtual void tick(base::SteadyTime now, bool woke_late) = 0;
  [[nodiscard]] virtual std::uint64_t tail() const = 0;
};

/// Place     one per server: a Committer sink in, loops out.
/// Threads   publish from the committer, publish_metric from the sampler; add_loop before start.
class Hub {
 public:
  struct Options {
    std::size_t ring_bytes_max = std::size_t{64} << 20;
    std::size_t replay_chunk_bytes = 256 * 1024;
    /// 4102 after this long without a byte taken.
    base::Live<std::chrono::seconds> stall_limit = std::chrono::seconds(30);
    /// Where the log is read for sessions behind the ring; it must take one step always. Null: a
    /// thread of its own. A simulation runs the steps by hand.
    base::Executor* replay_executor = nullptr;
  };
  /// Runs a step on the loop's thread; must accept always (a loop outlives the hub's use of it).
  using Post = std::function<void(std::function<void()>)>;

  Hub(const store::Log& log,
      metrics::ServerMetrics& metrics,
      const base::Clock& clock,
      const Options& options);
  ~Hub();
  /// `sender` outlives the hub's use of it; null: each Subscriber writes for itself.
  LoopFeed& add_loop(Post post, Sender* sender = nullptr);
  /// EntrySink of the committer.
  void publish(std::span<const std::shared_ptr<const model::Entry>> entries);
  /// A metrics.* sample: kept as the newest value of its channel, sent live, never logged.
  void publish_metric(
      model::EventKind kind,
      std::string_view entity,
      std::string_view index,
      base::Timestamp at,
      std::string_view data_json
  );
  /// Newest samples (JSON messages) that `scopes` may see and `patterns` (empty: all) match: for
  /// state and REST.
  [[nodiscard]] std::vector<FramePtr> newest_metrics() const;
  void forget_metrics_of(std::string_view index);
  [[nodiscard]] model::Cursor tail() const;
  [[nodiscard]] std::uint64_t oldest() const;
  /// As of the next second.
  void set_stall_limit(std::chrono::seconds limit);
  void stop();  ///< ends the replay thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::hub
