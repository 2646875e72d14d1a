// Offering at the tail: a turn's events into the queues of the sessions that they are for.
// How the queues leave is in loop_feed_flush.cc, sessions behind the tail in
// loop_feed_catch_up.cc.
#include <algorithm>

#include "hub/loop_feed.h"

namespace mlgraph::hub {

namespace {
constexpr std::size_t kRunBytes = 64 * 1024;  // what one session may be sent in a turn
constexpr std::size_t kDeliveredAhead = 8;    // fetched into the cache before they are reached
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
  if (batches.empty()) return;
  now_ = shared_.clock.steady_now();
  std::vector<FramePtr> frames;
  for (const auto& batch : batches) frames.insert(frames.end(), batch->begin(), batch->end());
  if (!oldest_unflushed_) oldest_unflushed_ = frames.front()->published;
  const auto tail = tail_;
  offer(frames);
  if (tail_ == tail) return;
  for (const auto id : std::exchange(awaiting_tail_, {}))
    if (Session* session = find(id)) mark_dirty(id.slot, *session);
}

/// In runs: events one behind the other that stand under the same patterns.
void LoopFeedImpl::offer(std::span<const FramePtr> frames) {
  auto lists = index_.find(frames.front()->kind, frames.front()->entity);
  while (!frames.empty()) {
    const bool durable = frames.front()->seq != 0;
    std::size_t bytes = frames.front()->wire.size();
    std::size_t count = 1;
    PatternIndex::Lists next{};
    for (; count < frames.size(); ++count) {
      const Frame& frame = *frames[count];
      next = index_.find(frame.kind, frame.entity);
      bytes += frame.wire.size();
      if (next != lists || (frame.seq != 0) != durable || bytes > kRunBytes) break;
    }
    if (lists.front()) {
      Run run(frames.first(count));
      offer_run(run, lists);
    }
    if (durable) tail_ = frames[count - 1]->seq;
    frames = frames.subspan(count);
    lists = next;
  }
}

void LoopFeedImpl::offer_run(Run& run, const PatternIndex::Lists& lists) {
  ++stamp_;
  for (const auto* list : lists) {
    if (!list) break;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i + kDeliveredAhead < list->size())
        __builtin_prefetch(slots_[(*list)[i + kDeliveredAhead].slot].session.get());
      const auto slot = (*list)[i].slot;
      Session& session = *slots_[slot].session;
      if (session.stamp == stamp_) continue;
      session.stamp = stamp_;
      if (offer_whole(slot, session, run)) continue;
      for (const auto& frame : run.frames())
        run.durable() ? offer_event(slot, session, frame) : offer_metric(slot, session, frame);
    }
  }
}

/// The usual case: a session at the tail that has room for all of it, and may see all of it. False:
/// its events are looked at one by one.
bool LoopFeedImpl::offer_whole(std::uint32_t slot, Session& session, Run& run) {
  if (!session.live) return run.durable();  // it reads on from its own position
  if (session.held) return false;
  if (run.durable() && !session.interest.settled_before(run.first_seq())) return false;
  if (session.outbox.encoding() == Encoding::kServerSentEvents && run.frames().size() > 1)
    return false;
  if (!run.all_visible_to(*session.interest.scopes())) return false;
  const LocalRef& whole = run.whole(session.outbox.encoding());
  if (session.outbox.bytes() + session.outbox.size_of(*whole) > session.queue_bytes_max)
    return false;
  push(slot, session, whole);
  return true;
}

void LoopFeedImpl::offer_event(std::uint32_t slot, Session& session, const LocalRef& frame) {
  if (!session.live) return;  // it fell behind within this run
  if (!session.interest.wants_found(*frame)) return;
  if (session.outbox.bytes() + session.outbox.size_of(*frame) > session.queue_bytes_max) {
    shared_.metrics.catch_ups.fetch_add(1, std::memory_order_relaxed);
    fall_behind(session, frame->frame->seq - 1);
    return mark_dirty(slot, session);  // nothing may be queued whose leaving would bring it on
  }
  push(slot, session, frame);
}

void LoopFeedImpl::offer_metric(std::uint32_t slot, Session& session, const LocalRef& frame) {
  if (!frame->visible_to(*session.interest.scopes())) return;
  const bool full =
      session.outbox.bytes() + session.outbox.size_of(*frame) > session.queue_bytes_max;
  // Behind a sample that waits, a newer one waits too: values never go back.
  if (session.live && !full && !session.held) return push(slot, session, frame);
  hold(session, frame);
  mark_dirty(slot, session);
}

void LoopFeedImpl::hold(Session& session, const LocalRef& frame) {
  std::string channel(model::type_name(frame->frame->kind));
  channel += '.';
  channel += frame->frame->entity;
  if (!session.held) session.held = std::make_unique<std::map<std::string, LocalRef>>();
  auto [it, fresh] = session.held->try_emplace(std::move(channel), frame);
  if (fresh) return;
  it->second = frame;
  shared_.metrics.conflations.fetch_add(1, std::memory_order_relaxed);
}

/// Samples that waited go out as there is room, but not in front of a state.
void LoopFeedImpl::release_held(Session& session) {
  if (!session.states.empty()) return;
  while (session.held && session.outbox.bytes() < low_mark(session)) {
    const auto first = session.held->begin();
    put(session, std::move(first->second));
    session.held->erase(first);
    if (session.held->empty()) session.held.reset();
  }
}

void LoopFeedImpl::mark_dirty(std::uint32_t slot, Session& session) {
  if (session.dirty) return;
  session.dirty = true;
  dirty_.push_back(slot);
}

}  // namespace mlgraph::hub
