// Delivery at the tail: live events in, one vectored write per session and turn.
// Sessions behind the tail are in loop_feed_catch_up.cc.
#include <algorithm>
#include <array>

#include "hub/loop_feed.h"

namespace mlgraph::hub {

namespace {
// Of one session a turn, so that none holds up the others.
constexpr std::size_t kTurnBytes = 64 * 1024;
// Of all that catch up together, so that those at the tail wait for no more than this.
constexpr std::size_t kCatchUpTurnBytes = 256 * 1024;
constexpr std::size_t kPieces = 256;
constexpr int kSlowConsumer = 4102;
}  // namespace

void LoopFeedImpl::enqueue(FrameBatch batch) {
  bool first = false;
  {
    base::MutexLock lock(mutex_);
    first = inbox_.empty();
    inbox_.push_back(std::move(batch));
  }
  if (first) post_([this] { drain_inbox(); });
}

void LoopFeedImpl::drain_inbox() {
  std::vector<FrameBatch> batches;
  {
    base::MutexLock lock(mutex_);
    batches.swap(inbox_);
  }
  bool moved = false;
  for (const auto& batch : batches)
    for (const auto& frame : *batch) {
      if (!oldest_unflushed_) oldest_unflushed_ = frame->published;
      offer(LocalRef::shared(frame));
      moved = moved || frame->seq != 0;
    }
  if (!moved) return;
  for (const auto id : std::exchange(awaiting_tail_, {}))
    if (Session* session = find(id)) mark_dirty(id.slot, *session);
}

void LoopFeedImpl::offer(const LocalRef& frame) {
  const auto lists = index_.find(frame->frame->kind, frame->frame->entity);
  ++stamp_;
  for (const auto* list : lists) {
    if (!list) continue;
    for (const auto member : *list) {
      Session& session = *slots_[member.slot].session;
      if (session.stamp == stamp_) continue;
      session.stamp = stamp_;
      if (frame->frame->seq != 0)
        offer_event(member.slot, session, frame);
      else
        offer_metric(member.slot, session, frame);
    }
  }
  if (frame->frame->seq != 0) tail_ = frame->frame->seq;
}

void LoopFeedImpl::offer_event(std::uint32_t slot, Session& session, const LocalRef& frame) {
  if (!session.live) return;  // it reads on from its own position
  if (!session.interest.wants_found(*frame)) return;
  if (session.outbox.bytes() + session.outbox.size_of(*frame->frame) >
      session.options.queue_bytes_max) {
    shared_.metrics.catch_ups.fetch_add(1, std::memory_order_relaxed);
    fall_behind(session, frame->frame->seq - 1);
    return mark_dirty(slot, session);  // nothing may be queued whose leaving would bring it on
  }
  push(slot, session, frame);
}

void LoopFeedImpl::offer_metric(std::uint32_t slot, Session& session, const LocalRef& frame) {
  if (!frame->visible_to(*session.interest.scopes())) return;
  const bool full = session.outbox.bytes() + session.outbox.size_of(*frame->frame) >
                    session.options.queue_bytes_max;
  // Behind a sample that waits, a newer one waits too: values never go back.
  if (session.live && !full && session.held.empty()) return push(slot, session, frame);
  hold(session, frame);
  mark_dirty(slot, session);
}

void LoopFeedImpl::hold(Session& session, const LocalRef& frame) {
  std::string channel(model::type_name(frame->frame->kind));
  channel += '.';
  channel += frame->frame->entity;
  auto [it, fresh] = session.held.try_emplace(std::move(channel), frame);
  if (fresh) return;
  it->second = frame;
  shared_.metrics.conflations.fetch_add(1, std::memory_order_relaxed);
}

/// Samples that waited go out as there is room, but not in front of a state.
void LoopFeedImpl::release_held(Session& session) {
  if (!session.states.empty()) return;
  while (!session.held.empty() && session.outbox.bytes() < low_mark(session)) {
    const auto first = session.held.begin();
    put(session, std::move(first->second));
    session.held.erase(first);
  }
}

void LoopFeedImpl::mark_dirty(std::uint32_t slot, Session& session) {
  if (session.dirty) return;
  session.dirty = true;
  dirty_.push_back(slot);
}

void LoopFeedImpl::ask_for_turn() {
  if (std::exchange(turn_asked_, true)) return;
  post_([this] { turn_asked_ = false; });
}

void LoopFeedImpl::flush() {
  // Sessions marked while this runs are served by the next turn.
  for (const auto slot : std::exchange(dirty_, {})) {
    const Session* session = slots_[slot].session.get();
    if (session && session->dirty && !session->live)
      behind_.push_back(slot);
    else
      static_cast<void>(serve(slot));
  }
  if (oldest_unflushed_)
    shared_.metrics.publish_latency.record(shared_.clock.steady_now() - *oldest_unflushed_);
  oldest_unflushed_.reset();
  std::size_t budget = kCatchUpTurnBytes;
  for (std::size_t left = behind_.size(); left > 0 && budget > 0; --left) {
    const auto slot = behind_.front();
    behind_.pop_front();
    budget -= std::min(budget, serve(slot));
  }
  if (!dirty_.empty() || !behind_.empty()) ask_for_turn();
}

/// What it cost, in bytes sent.
std::size_t LoopFeedImpl::serve(std::uint32_t slot) {
  Session* session = slots_[slot].session.get();
  if (!session || !session->dirty) return 0;
  session->dirty = false;
  if (session->outbox.bytes() > 2 * session->options.queue_bytes_max && !session->evicted) {
    evict(slot, *session, kSlowConsumer, "answers pile up");
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
  if (can_write || (cut_short && (can_pump || !session->held.empty()))) mark_dirty(slot, *session);
  return cost;
}

/// Whether the socket may take more.
bool LoopFeedImpl::write(std::uint32_t slot, Session& session, std::size_t& budget) {
  std::array<iovec, kPieces> pieces;  // NOLINT: filled by gather
  std::size_t offered = 0;
  const std::size_t count = session.outbox.gather(pieces, budget, offered);
  const auto written = session.subscriber->try_write({pieces.data(), count});
  if (slots_[slot].session.get() != &session) return false;  // the subscriber closed itself
  if (written.failed) {
    // Its owner hears of the broken connection from its own reading; until then nothing more is
    // tried.
    session.blocked = true;
    return false;
  }
  shared_.metrics.sends.fetch_add(1, std::memory_order_relaxed);
  shared_.metrics.bytes_sent.fetch_add(written.bytes, std::memory_order_relaxed);
  if (written.bytes > 0) session.taken_at = shared_.clock.steady_now();
  shared_.metrics.events_sent.fetch_add(
      session.outbox.consume(written.bytes), std::memory_order_relaxed
  );
  budget -= std::min(budget, written.bytes);
  if (written.bytes < offered) {
    session.blocked = true;
    session.subscriber->want_writable();
    return false;
  }
  return true;
}

void LoopFeedImpl::evict(std::uint32_t slot, Session& session, int code, std::string_view reason) {
  session.evicted = true;
  end_delivery(id_of(slot));
  session.outbox.drop_unbegun();
  session.subscriber->on_evicted(code, reason);
}

void LoopFeedImpl::tick(base::SteadyTime now, bool woke_late) {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    Session* session = slots_[slot].session.get();
    if (!session || session->evicted || session->outbox.empty()) continue;
    if (woke_late)
      session->taken_at = now;
    else if (now - session->taken_at >= shared_.options.stall_limit)
      evict(slot, *session, kSlowConsumer, "slow consumer: no byte taken in time");
  }
}

}  // namespace mlgraph::hub
