// Catching up: sessions behind the tail read the log at the pace of their sockets, states in their
// place, and join the tail.
#include <algorithm>

#include "hub/frame.h"
#include "hub/loop_feed.h"
#include "protocol/error_table.h"

namespace mlgraph::hub {

namespace {
constexpr std::size_t kRingStep = 256;  // frames taken from the ring at a time
// Of a turn's budget, which is counted in bytes sent:
constexpr std::size_t kSeenCost = 16;  // a frame looked at and left out
constexpr std::size_t kPassCost = 64;  // asking which blocks may be passed by
constexpr int kInternalError = 1011;
}  // namespace

void LoopFeedImpl::fall_behind(Session& session, std::uint64_t position) {
  set_live(session, false);
  session.position = position;
}

void LoopFeedImpl::set_live(Session& session, bool live) {
  if (session.live == live) return;
  session.live = live;
  session.stretch.reset();
  shared_.metrics.sessions_behind.fetch_add(live ? -1 : 1, std::memory_order_relaxed);
}

// Reads on from the session's position while its queue has room: states in their place, then
// events, then live again.
void LoopFeedImpl::pump(std::uint32_t slot, Session& session, std::size_t& budget) {
  while (budget > 0 && !session.reading && session.outbox.bytes() < low_mark(session)) {
    if (!session.states.empty() && session.position >= session.states.front().seq) {
      pump_state(session, budget);
      continue;
    }
    const std::uint64_t limit =
        session.states.empty() ? tail_ : std::min(tail_, session.states.front().seq);
    if (session.position < limit) {
      if (!pump_events(slot, session, limit, budget)) return;
      continue;
    }
    if (session.states.empty() && session.position <= tail_) return set_live(session, true);
    awaiting_tail_.push_back(id_of(slot));
    return;
  }
}

void LoopFeedImpl::pump_state(Session& session, std::size_t& budget) {
  const auto part = session.states.front().parts(session.interest.scopes()->scopes);
  budget -= std::min(budget, part.message.size());
  put(session, LocalRef::owned(frame_message(session.outbox.encoding(), part.message)));
  if (part.last) session.states.erase(session.states.begin());
}

/// false: it has to wait for the replayer.
bool LoopFeedImpl::pump_events(
    std::uint32_t slot, Session& session, std::uint64_t limit, std::size_t& budget
) {
  const std::uint64_t from = session.position + 1;
  if (!session.stretch || !session.stretch->holds(from)) {
    session.stretch.reset();
    const auto next = shared_.log.next_with(from, limit, session.interest.sought());
    budget -= std::min(budget, kPassCost);
    if (next > from) {
      shared_.metrics.replay_passed.fetch_add(next - from, std::memory_order_relaxed);
      session.position = next - 1;
      return true;
    }
    session.stretch = stretch_at(from);
    if (!session.stretch) {
      ask_replayer(slot, session);
      return false;
    }
  }
  const Stretch& stretch = *session.stretch;
  const std::uint64_t last = std::min(limit, stretch.last());
  std::uint64_t sent = 0;
  while (session.position < last && budget > 0 && session.outbox.bytes() < low_mark(session)) {
    const LocalRef& frame = stretch.at(++session.position);
    if (!session.interest.wants(*frame)) {
      budget -= std::min(budget, kSeenCost);
      continue;
    }
    budget -= std::min(budget, session.outbox.size_of(*frame));
    put(session, frame);
    ++sent;
  }
  shared_.metrics.replayed.fetch_add(sent, std::memory_order_relaxed);
  return true;
}

/// From what this loop holds already, or from the ring; null: it is on disk.
StretchPtr LoopFeedImpl::stretch_at(std::uint64_t seq) {
  if (auto held = stretches_.find(seq)) return held;
  // Begun at the same places by all sessions, so that they share.
  std::vector<FramePtr> frames;
  if (!shared_.ring.read(seq - seq % kRingStep, kRingStep, frames) &&
      !shared_.ring.read(seq, kRingStep, frames))
    return nullptr;
  return stretches_.add(frames);
}

void LoopFeedImpl::ask_replayer(std::uint32_t slot, Session& session) {
  session.reading = true;
  const std::uint64_t from = session.position + 1;
  auto& waiting = reading_[from];
  waiting.push_back(id_of(slot));
  if (waiting.size() > 1) return;  // asked for already
  shared_.replayer.request(from, [this, from](base::Result<ChunkPtr> chunk) {
    post_([this, from, chunk = std::move(chunk)] { on_chunk(from, chunk); });
  });
}

void LoopFeedImpl::on_chunk(std::uint64_t from, const base::Result<ChunkPtr>& chunk) {
  const auto waiting = reading_.extract(from);
  StretchPtr stretch;
  if (chunk) {
    stretch = stretches_.find(from);
    if (!stretch) stretch = stretches_.add((*chunk)->frames);
  }
  for (const auto id : waiting.mapped()) {
    Session* session = find(id);
    if (!session) continue;
    session->reading = false;
    if (stretch) {
      session->stretch = stretch;
      mark_dirty(id.slot, *session);
    } else if (session->evicted) {
      continue;
    } else if (chunk.error().code == base::ErrorCode::kCursorExpired) {
      evict(
          id.slot,
          *session,
          protocol::kCloseSlowConsumer,
          "slow consumer: its cursor is past retention"
      );
    } else {
      evict(id.slot, *session, kInternalError, "the log cannot be read");
    }
  }
}

}  // namespace mlgraph::hub
