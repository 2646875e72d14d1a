// The end of a turn: what is queued leaves, one write a session.
#include <algorithm>
#include <array>

#include "hub/loop_feed.h"
#include "protocol/error_table.h"

namespace mlgraph::hub {

namespace {
// Of one session a turn, so that none holds up the others.
constexpr std::size_t kTurnBytes = 64 * 1024;
// Of all that catch up together, so that those at the tail wait for no more than this.
constexpr std::size_t kCatchUpTurnBytes = 256 * 1024;
constexpr std::size_t kPieces = 256;
constexpr std::size_t kServedAhead = 4;  // fetched into the cache before they are reached
}  // namespace

/// The writes of many sessions, until they are handed to the Sender together.
class LoopFeedImpl::WriteBatch {
 public:
  explicit WriteBatch(LoopFeedImpl& feed) : feed_(feed) {}

  void add(std::uint32_t slot, Session& session) {
    if (count_ == kWrites || used_ + kPiecesEach > pieces_.size()) send();
    Item& item = items_[count_];
    item = {slot, &session, 0};
    const std::span<iovec> room(pieces_.data() + used_, kPiecesEach);
    const auto used = session.outbox.gather(room, kTurnBytes, item.offered);
    writes_[count_++] = {session.socket, room.first(used), 0, false};
    used_ += used;
  }

  void send() {
    if (count_ == 0) return;
    feed_.sender_->send({writes_.data(), count_});
    for (std::size_t i = 0; i < count_; ++i) {
      const auto [slot, session, offered] = items_[i];
      if (feed_.slots_[slot].session.get() != session) continue;
      if (writes_[i].broken) session->subscriber->on_broken();
      const bool open = feed_.settle(*session, offered, {writes_[i].taken, writes_[i].broken});
      if (open && !session->outbox.empty()) feed_.mark_dirty(slot, *session);
    }
    count_ = used_ = 0;
  }

 private:
  static constexpr std::size_t kWrites = 256;
  static constexpr std::size_t kPiecesEach = 64;
  struct Item {
    std::uint32_t slot;
    Session* session;
    std::size_t offered;
  };
  LoopFeedImpl& feed_;
  std::array<Item, kWrites> items_;        // NOLINT: those of count_ are set
  std::array<Write, kWrites> writes_;      // NOLINT
  std::array<iovec, 4 * kWrites> pieces_;  // NOLINT
  std::size_t count_ = 0;
  std::size_t used_ = 0;
};

void LoopFeedImpl::ask_for_turn() {
  if (std::exchange(turn_asked_, true)) return;
  post_([this] { turn_asked_ = false; });
}

void LoopFeedImpl::flush() {
  if (dirty_.empty() && behind_.empty()) return oldest_unflushed_.reset();
  now_ = shared_.clock.steady_now();
  flush_dirty();
  if (oldest_unflushed_)
    shared_.metrics.publish_latency.record(shared_.clock.steady_now() - *oldest_unflushed_);
  oldest_unflushed_.reset();
  std::size_t budget = kCatchUpTurnBytes;
  for (std::size_t left = behind_.size(); left > 0 && budget > 0; --left) {
    const auto slot = behind_.front();
    behind_.pop_front();
    budget -= std::min(budget, serve(slot));
  }
  count_sent();
  if (!dirty_.empty() || !behind_.empty()) ask_for_turn();
}

/// Those that catch up wait for their turns, behind all others.
void LoopFeedImpl::flush_dirty() {
  // Sessions marked while this runs are served by the next turn.
  serving_.swap(dirty_);
  WriteBatch batch(*this);
  for (std::size_t i = 0; i < serving_.size(); ++i) {
    if (i + kServedAhead < serving_.size())
      __builtin_prefetch(slots_[serving_[i + kServedAhead]].session.get());
    const auto slot = serving_[i];
    Session* session = slots_[slot].session.get();
    if (!session || !session->dirty) continue;
    if (!session->live) {
      behind_.push_back(slot);
    } else if (is_plain(*session)) {
      session->dirty = false;
      batch.add(slot, *session);
    } else {
      batch.send();  // it may call whoever it likes
      static_cast<void>(serve(slot));
    }
  }
  batch.send();
  serving_.clear();
}

/// Nothing but bytes for a socket that takes some.
bool LoopFeedImpl::is_plain(const Session& session) const {
  return sender_ && session.socket >= 0 && !session.blocked && !session.held &&
         !session.outbox.empty() && session.outbox.bytes() <= session.queue_bytes_max;
}

void LoopFeedImpl::count_sent() {
  const auto sent = std::exchange(sent_, {});
  shared_.metrics.sends.fetch_add(sent.sends, std::memory_order_relaxed);
  shared_.metrics.bytes_sent.fetch_add(sent.bytes, std::memory_order_relaxed);
  shared_.metrics.events_sent.fetch_add(sent.events, std::memory_order_relaxed);
}

/// What it cost, in bytes sent.
std::size_t LoopFeedImpl::serve(std::uint32_t slot) {
  Session* session = slots_[slot].session.get();
  if (!session || !session->dirty) return 0;
  session->dirty = false;
  if (session->outbox.bytes() > 2 * session->queue_bytes_max && !session->evicted) {
    evict(slot, *session, protocol::kCloseSlowConsumer, "answers pile up");
    return 0;
  }
  std::size_t pump_budget = kTurnBytes;
  std::size_t write_budget = kTurnBytes;
  for (;;) {
    if (!session->live) pump(slot, *session, pump_budget);
    release_held(*session);
    if (session->outbox.empty() || session->blocked) break;
    if (!write(slot, *session, write_budget)) break;
    if (write_budget == 0) break;
  }
  const std::size_t cost = kTurnBytes - std::min(pump_budget, write_budget);
  session = slots_[slot].session.get();
  if (!session) return cost;
  const bool can_write = !session->outbox.empty() && !session->blocked;
  // A budget used up is the only reason to come back that no socket, log or event will bring.
  const bool cut_short = pump_budget == 0 || write_budget == 0;
  const bool can_pump = !session->live && !session->reading && !session->blocked &&
                        session->outbox.bytes() < low_mark(*session);
  if (can_write || (cut_short && (can_pump || session->held))) mark_dirty(slot, *session);
  return cost;
}

/// Whether the socket may take more.
bool LoopFeedImpl::write(std::uint32_t slot, Session& session, std::size_t& budget) {
  std::array<iovec, kPieces> pieces;  // NOLINT: filled by gather
  std::size_t offered = 0;
  const std::size_t count = session.outbox.gather(pieces, budget, offered);
  const auto written = hand_over(session, {pieces.data(), count});
  if (slots_[slot].session.get() != &session) return false;  // the subscriber closed itself
  budget -= std::min(budget, written.bytes);
  return settle(session, offered, written);
}

Subscriber::Written LoopFeedImpl::hand_over(Session& session, std::span<const iovec> pieces) {
  if (!sender_ || session.socket < 0) return session.subscriber->try_write(pieces);
  Write write{session.socket, pieces, 0, false};
  sender_->send({&write, 1});
  if (write.broken) session.subscriber->on_broken();
  return {write.taken, write.broken};
}

/// After a write. Returns whether the socket may take more.
bool LoopFeedImpl::settle(Session& session, std::size_t offered, Subscriber::Written written) {
  if (written.failed) {
    // Its owner ends it; until then nothing more is tried.
    session.blocked = true;
    return false;
  }
  ++sent_.sends;
  sent_.bytes += written.bytes;
  if (written.bytes > 0) {
    session.taken_at = now_;
    sent_.events += session.outbox.consume(written.bytes, nodes_);
    if (session.tells) session.subscriber->on_written();
  }
  if (written.bytes == offered) return true;
  session.blocked = true;
  session.subscriber->want_writable();
  return false;
}

void LoopFeedImpl::evict(std::uint32_t slot, Session& session, int code, std::string_view reason) {
  session.evicted = true;
  end_delivery(id_of(slot));
  session.outbox.drop_unbegun(nodes_);
  session.subscriber->on_evicted(code, reason);
}

void LoopFeedImpl::tick(base::SteadyTime now, bool woke_late) {
  now_ = now;
  std::int64_t queued = 0;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    Session* session = slots_[slot].session.get();
    if (!session || session->outbox.empty()) continue;
    queued += static_cast<std::int64_t>(session->outbox.bytes());
    if (session->evicted) continue;
    if (woke_late)
      session->taken_at = now;
    else if (now - session->taken_at >= shared_.options.stall_limit.get())
      evict(slot, *session, protocol::kCloseSlowConsumer, "slow consumer: no byte taken in time");
  }
  shared_.metrics.queued_bytes.fetch_add(queued - queued_told_, std::memory_order_relaxed);
  queued_told_ = queued;
}

}  // namespace mlgraph::hub
