// Delivery: live events in, replay for those behind, one vectored write per session and turn.
#include <algorithm>
#include <array>

#include "hub/loop_feed.h"
#include "protocol/ws_frame.h"

namespace mlgraph::hub {

namespace {
constexpr std::size_t kTurnBytes =
    64 * 1024;  // of one session a turn, so that none holds up the others
constexpr std::size_t kPieces = 64;
constexpr std::size_t kRingStep = 64;  // frames taken from the ring at a time
constexpr std::size_t kSeenCost = 64;  // of the turn's budget, for a frame looked at and left out
constexpr int kSlowConsumer = 4102;
constexpr int kInternalError = 1011;
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
  if (!session.interest.wants(*frame->frame)) return;
  if (session.outbox.bytes() + session.outbox.size_of(*frame->frame) >
      session.options.queue_bytes_max) {
    shared_.metrics.catch_ups.fetch_add(1, std::memory_order_relaxed);
    return fall_behind(session, frame->frame->seq - 1);
  }
  push(slot, session, frame);
}

void LoopFeedImpl::offer_metric(std::uint32_t slot, Session& session, const LocalRef& frame) {
  if (frame->asked != session.interest.scopes().get()) {
    frame->asked = session.interest.scopes().get();
    frame->visible =
        frame->asked->sees(frame->frame->kind, frame->frame->entity, frame->frame->index);
  }
  if (!frame->visible) return;
  const bool full = session.outbox.bytes() + session.outbox.size_of(*frame->frame) >
                    session.options.queue_bytes_max;
  if (!session.live || full) return hold(session, frame);
  push(slot, session, frame);
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

void LoopFeedImpl::fall_behind(Session& session, std::uint64_t position) {
  session.live = false;
  session.position = position;
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
  // Sessions marked while this runs (evicted ones, mostly) are served by the next turn.
  const std::vector<std::uint32_t> now = std::exchange(dirty_, {});
  for (const auto slot : now) serve(slot);
  if (!dirty_.empty()) ask_for_turn();
  if (oldest_unflushed_)
    shared_.metrics.publish_latency.record(shared_.clock.steady_now() - *oldest_unflushed_);
  oldest_unflushed_.reset();
}

void LoopFeedImpl::serve(std::uint32_t slot) {
  Session* session = slots_[slot].session.get();
  if (!session || !session->dirty) return;
  session->dirty = false;
  if (session->outbox.bytes() > 2 * session->options.queue_bytes_max && !session->evicted)
    return evict(slot, *session, kSlowConsumer, "answers pile up");
  std::size_t pump_budget = kTurnBytes;
  std::size_t write_budget = kTurnBytes;
  for (;;) {
    if (!session->live) pump(slot, *session, pump_budget);
    if (session->outbox.empty() || session->blocked) break;
    if (!write(slot, *session, write_budget)) break;
    if (write_budget == 0) break;
  }
  session = slots_[slot].session.get();
  if (!session) return;
  const bool can_write = !session->outbox.empty() && !session->blocked;
  const bool can_pump = !session->live && !session->reading && pump_budget == 0 &&
                        session->outbox.bytes() < low_mark(*session);
  if (can_write || can_pump) mark_dirty(slot, *session);
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

// Reads on from the session's position while its queue has room: states in their place, then
// events, then live again.
void LoopFeedImpl::pump(std::uint32_t slot, Session& session, std::size_t& budget) {
  while (budget > 0 && !session.reading && session.outbox.bytes() < low_mark(session)) {
    if (!session.states.empty() && session.position >= session.states.front().seq) {
      if (!pump_state(slot, session, budget)) session.states.pop_front();
      continue;
    }
    const std::uint64_t limit =
        session.states.empty() ? tail_ : std::min(tail_, session.states.front().seq);
    if (session.position < limit) {
      if (!pump_events(slot, session, limit, budget)) return;
      continue;
    }
    if (!session.states.empty()) {
      awaiting_tail_.push_back(id_of(slot));
      return;
    }
    session.live = true;
    session.chunk.reset();
    for (auto& [channel, frame] : std::exchange(session.held, {})) push(slot, session, frame);
    return;
  }
}

bool LoopFeedImpl::pump_state(std::uint32_t slot, Session& session, std::size_t& budget) {
  auto part = session.states.front().parts();
  if (!part) return false;
  budget -= std::min(budget, part->size());
  send_message(id_of(slot), *part);
  return true;
}

/// false: it has to wait for the replayer.
bool LoopFeedImpl::pump_events(
    std::uint32_t slot, Session& session, std::uint64_t limit, std::size_t& budget
) {
  const std::uint64_t from = session.position + 1;
  if (session.chunk && session.chunk->first <= from && from <= session.chunk->last) {
    const auto& frames = session.chunk->frames;
    // Frames of a chunk rise by seq, with holes where progress was left out.
    auto it = std::lower_bound(
        frames.begin(),
        frames.end(),
        from,
        [](const FramePtr& frame, std::uint64_t seq) { return frame->seq < seq; }
    );
    for (; it != frames.end() && (*it)->seq <= limit && budget > 0 &&
           session.outbox.bytes() < low_mark(session);
         ++it)
      offer_replayed(slot, session, *it, budget);
    if (it == frames.end() || (*it)->seq > limit)
      session.position = std::min(limit, std::max(session.position, session.chunk->last));
    return true;
  }
  std::vector<FramePtr> frames;
  if (!shared_.ring.read(from, kRingStep, frames)) {
    ask_replayer(slot, session);
    return false;
  }
  session.chunk.reset();
  for (const auto& frame : frames) {
    if (frame->seq > limit || budget == 0 || session.outbox.bytes() >= low_mark(session)) break;
    offer_replayed(slot, session, frame, budget);
  }
  return true;
}

void LoopFeedImpl::offer_replayed(
    std::uint32_t slot, Session& session, const FramePtr& frame, std::size_t& budget
) {
  session.position = frame->seq;
  if (!session.interest.wants(*frame)) {
    budget -= std::min(budget, kSeenCost);
    return;
  }
  budget -= std::min(budget, session.outbox.size_of(*frame));
  push(slot, session, LocalRef::shared(frame));
}

void LoopFeedImpl::ask_replayer(std::uint32_t slot, Session& session) {
  session.reading = true;
  const SlotId id = id_of(slot);
  shared_.replayer.request(session.position + 1, [this, id](base::Result<ChunkPtr> chunk) {
    post_([this, id, chunk = std::move(chunk)] { on_chunk(id, chunk); });
  });
}

void LoopFeedImpl::on_chunk(SlotId id, base::Result<ChunkPtr> chunk) {
  Session* session = find(id);
  if (!session) return;
  session->reading = false;
  if (chunk) {
    session->chunk = *chunk;
    return mark_dirty(id.slot, *session);
  }
  if (chunk.error().code != base::ErrorCode::kCursorExpired)
    return evict(id.slot, *session, kInternalError, "the log cannot be read");
  session->position = tail_;
  session->subscriber->on_cursor_lost();
  if ((session = find(id))) mark_dirty(id.slot, *session);
}

void LoopFeedImpl::evict(std::uint32_t slot, Session& session, int code, std::string_view reason) {
  session.evicted = true;
  remove_all_patterns(slot);
  session.states.clear();
  session.held.clear();
  session.live = true;
  session.outbox.drop_unbegun();
  session.subscriber->on_evicted(code, reason);
}

void LoopFeedImpl::tick(base::SteadyTime now) {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    Session* session = slots_[slot].session.get();
    if (!session || session->evicted || session->outbox.empty()) continue;
    if (now - session->taken_at >= shared_.options.stall_limit)
      evict(slot, *session, kSlowConsumer, "slow consumer: no byte taken in time");
  }
}

}  // namespace mlgraph::hub
