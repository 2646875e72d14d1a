#pragma once
// The sessions of one loop: what LoopFeed promises, kept.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "hub/hub.h"
#include "hub/interest.h"
#include "hub/local_frame.h"
#include "hub/outbox.h"
#include "hub/pattern_index.h"
#include "hub/replayer.h"
#include "hub/ring.h"
#include "hub/run.h"
#include "hub/sender.h"
#include "hub/stretch.h"

namespace mlgraph::hub {

/// What all loops of a hub share.
struct FeedShared {
  const store::Log& log;
  metrics::ServerMetrics& metrics;
  const base::Clock& clock;
  Hub::Options options;
  Ring ring;
  Replayer replayer;
};

/// Invariant  a live session's position is tail_; one behind has been offered every entry up to its
///            position.
/// Fair       sessions at the tail are served first, whole; those that catch up take turns within a
///            budget of each turn.
/// Threads    enqueue: the publisher's; everything else: the loop's.
class LoopFeedImpl final : public LoopFeed {
 public:
  LoopFeedImpl(FeedShared& shared, Hub::Post post, Sender* sender, std::uint64_t tail)
      : shared_(shared),
        post_(std::move(post)),
        sender_(sender),
        tail_(tail),
        now_(shared.clock.steady_now()) {}

  /// Takes a batch for the loop, and asks for a turn if none is asked for yet.
  void enqueue(FrameBatch batch);

  SlotId open(Subscriber& subscriber, const protocol::Scopes& scopes, SessionOptions options)
      override;
  void close(SlotId slot) override;
  void end_delivery(SlotId slot) override;
  base::Result<Subscribed> subscribe(
      SlotId slot,
      const std::vector<std::string>& channels,
      const std::optional<std::string>& since,
      const std::function<std::string(const Subscribed&)>& answer
  ) override;
  void take_published() override { drain_inbox(); }
  void send_state(SlotId slot, std::uint64_t seq, PartSource parts) override;
  [[nodiscard]] bool state_pending(SlotId slot) const override;
  std::vector<std::string> unsubscribe(SlotId slot, const std::vector<std::string>& channels)
      override;
  std::vector<std::string> set_scopes(SlotId slot, const protocol::Scopes& scopes) override;
  [[nodiscard]] std::vector<std::string> channels(SlotId slot) const override;
  void send_message(SlotId slot, std::string_view json) override;
  void send_raw(SlotId slot, std::string bytes) override;
  [[nodiscard]] SessionOptions options(SlotId slot) const override;
  [[nodiscard]] std::uint64_t position(SlotId slot) const override;
  [[nodiscard]] std::size_t queued_bytes(SlotId slot) const override;
  [[nodiscard]] bool drained(SlotId slot) const override;
  void tell_when_written(SlotId slot, bool tell) override;
  void on_writable(SlotId slot) override;
  void flush() override;
  void tick(base::SteadyTime now, bool woke_late) override;
  [[nodiscard]] std::uint64_t tail() const override { return tail_; }

 private:
  static constexpr std::size_t kStretchesMax = 32;
  struct PendingState {
    std::uint64_t seq = 0;
    PartSource parts;
  };
  struct Session {
    Session(Subscriber& to, Interest::ScopesPtr scopes, SessionOptions how)
        : socket(how.socket),
          queue_bytes_max(how.queue_bytes_max),
          patterns_max(how.patterns_max),
          outbox(how.encoding),
          interest(std::move(scopes), 2 * how.patterns_max),
          subscriber(&to) {}
    // First what an event at the tail touches: two lines of the cache.
    bool live = true;
    bool dirty = false;
    bool blocked = false;  ///< the socket is full; on_writable will come
    bool reading = false;  ///< the replayer has been asked
    bool evicted = false;
    bool tells = false;  ///< the subscriber wants to hear of writes
    const int socket;
    const std::size_t queue_bytes_max;
    const std::size_t patterns_max;
    std::uint64_t stamp = 0;  ///< of the last run offered: a session is in several lists
    Outbox outbox;
    base::SteadyTime taken_at;  ///< a byte, or the queue was empty
    /// Newest sample per channel, while the queue is over its bound; null: none.
    std::unique_ptr<std::map<std::string, LocalRef>> held;
    Interest interest;
    Subscriber* subscriber;
    std::uint64_t position = 0;  ///< while behind
    StretchPtr stretch;          ///< what it reads from, perhaps used up
    std::vector<PendingState> states;
  };
  // The largest part of what an idle session holds here (docs/design/0008-fan-out.md).
  static_assert(sizeof(Session) <= 272);
  class WriteBatch;
  struct Slot {
    std::uint32_t generation = 0;
    std::unique_ptr<Session> session;
  };

  [[nodiscard]] Session* find(SlotId slot) const;
  [[nodiscard]] SlotId id_of(std::uint32_t slot) const { return {slot, slots_[slot].generation}; }
  [[nodiscard]] Interest::ScopesPtr share(const protocol::Scopes& scopes);
  [[nodiscard]] base::Result<std::vector<protocol::Pattern>> new_patterns(
      const Session& session, const std::vector<std::string>& channels
  ) const;
  void add_pattern(std::uint32_t slot, protocol::Pattern pattern, std::uint64_t begin);
  void remove_pattern(std::uint32_t slot, std::size_t number);
  void remove_all_patterns(std::uint32_t slot);

  void drop_unwanted_samples(Session& session);

  void drain_inbox();
  void offer(std::span<const FramePtr> frames);
  void offer_run(Run& run, const PatternIndex::Lists& lists);
  [[nodiscard]] bool offer_whole(std::uint32_t slot, Session& session, Run& run);
  void offer_event(std::uint32_t slot, Session& session, const LocalRef& frame);
  void offer_metric(std::uint32_t slot, Session& session, const LocalRef& frame);
  void hold(Session& session, const LocalRef& frame);
  void release_held(Session& session);
  void fall_behind(Session& session, std::uint64_t position);
  void set_live(Session& session, bool live);
  void put(Session& session, LocalRef item);
  void push(std::uint32_t slot, Session& session, LocalRef item);
  void mark_dirty(std::uint32_t slot, Session& session);
  void ask_for_turn();

  void flush_dirty();
  [[nodiscard]] bool is_plain(const Session& session) const;
  [[nodiscard]] bool settle(Session& session, std::size_t offered, Subscriber::Written written);
  void count_sent();
  std::size_t serve(std::uint32_t slot);
  void pump(std::uint32_t slot, Session& session, std::size_t& budget);
  void pump_state(Session& session, std::size_t& budget);
  [[nodiscard]] bool pump_events(
      std::uint32_t slot, Session& session, std::uint64_t limit, std::size_t& budget
  );
  [[nodiscard]] StretchPtr stretch_at(std::uint64_t seq);
  void ask_replayer(std::uint32_t slot, Session& session);
  void on_chunk(std::uint64_t from, const base::Result<ChunkPtr>& chunk);
  [[nodiscard]] bool write(std::uint32_t slot, Session& session, std::size_t& budget);
  [[nodiscard]] Subscriber::Written hand_over(Session& session, std::span<const iovec> pieces);
  void evict(std::uint32_t slot, Session& session, int code, std::string_view reason);
  [[nodiscard]] static std::size_t low_mark(const Session& session) {
    return session.queue_bytes_max / 2;
  }

  FeedShared& shared_;
  const Hub::Post post_;
  Sender* const sender_;
  std::uint64_t tail_;
  base::SteadyTime now_;  ///< of this turn: looked up once, not for each session
  QueueNodes nodes_;      // outlives the queues
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  PatternIndex index_;
  std::vector<std::weak_ptr<const NumberedScopes>> scopes_;  ///< one for all sessions of a token
  std::uint64_t scopes_made_ = 0;
  StretchCache stretches_{kStretchesMax};
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> serving_;  ///< dirty_ of the turn that is flushed
  std::deque<std::uint32_t> behind_;    ///< dirty ones that catch up, in the order of their turns
  std::map<std::uint64_t, std::vector<SlotId>> reading_;  ///< who waits for the chunk at a seq
  std::vector<SlotId>
      awaiting_tail_;  ///< sessions whose state or cursor is newer than this loop's tail
  std::uint64_t stamp_ = 0;
  struct Sent {
    std::uint64_t sends = 0, bytes = 0, events = 0;
  } sent_;                        ///< not yet added to the server's counters
  std::int64_t queued_told_ = 0;  ///< this loop's share of the server's queued_bytes
  bool turn_asked_ = false;
  std::optional<base::SteadyTime> oldest_unflushed_;

  base::Mutex mutex_;
  std::vector<FrameBatch> inbox_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::hub
