// Sessions and their patterns: opening, subscribing, what is queued for whom. Delivery is in
// loop_feed_delivery.cc.
#include "hub/loop_feed.h"

#include <algorithm>

#include "base/check.h"
#include "hub/frame.h"
#include "model/names.h"

namespace mlgraph::hub {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {
constexpr std::size_t kStatesMax = 64;
}

SlotId LoopFeedImpl::open(
    Subscriber& subscriber, const protocol::Scopes& scopes, SessionOptions options
) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  ++slots_[slot].generation;
  slots_[slot].session = std::make_unique<Session>(subscriber, share(scopes), options);
  slots_[slot].session->taken_at = now_;
  return id_of(slot);
}

void LoopFeedImpl::close(SlotId slot) {
  Session* session = find(slot);
  if (!session) return;
  set_live(*session, true);
  remove_all_patterns(slot.slot);
  session->outbox.clear(nodes_);
  slots_[slot.slot].session.reset();
  free_.push_back(slot.slot);
}

LoopFeed::SessionOptions LoopFeedImpl::options(SlotId slot) const {
  const Session* session = find(slot);
  if (!session) return {};
  return {
      session->outbox.encoding(), session->queue_bytes_max, session->patterns_max, session->socket};
}

void LoopFeedImpl::end_delivery(SlotId slot) {
  Session* session = find(slot);
  if (!session) return;
  remove_all_patterns(slot.slot);
  session->states.clear();
  session->held.reset();
  set_live(*session, true);
  session->evicted = true;  // a read that fails late must not take back the close frame it queues
}

LoopFeedImpl::Session* LoopFeedImpl::find(SlotId slot) const {
  if (slot.slot >= slots_.size() || slots_[slot.slot].generation != slot.generation) return nullptr;
  return slots_[slot.slot].session.get();
}

Interest::ScopesPtr LoopFeedImpl::share(const protocol::Scopes& scopes) {
  std::erase_if(scopes_, [](const auto& held) { return held.expired(); });
  for (const auto& held : scopes_)
    if (auto same = held.lock(); same && same->scopes == scopes) return same;
  auto made = std::make_shared<const NumberedScopes>(NumberedScopes{scopes, ++scopes_made_});
  scopes_.push_back(made);
  return made;
}

Result<std::vector<protocol::Pattern>> LoopFeedImpl::new_patterns(
    const Session& session, const std::vector<std::string>& channels
) const {
  std::vector<protocol::Pattern> patterns;
  for (const auto& channel : channels) {
    MLG_TRY(pattern, protocol::Pattern::parse(channel));
    if (!session.interest.scopes()->scopes.could_match(pattern))
      return fail(
          ErrorCode::kForbidden, "channel '{}' is not covered by this token's scopes", channel
      );
    if (session.interest.has(channel) ||
        std::find(patterns.begin(), patterns.end(), pattern) != patterns.end())
      continue;
    patterns.push_back(std::move(pattern));
  }
  const std::size_t all = session.interest.patterns().size() + patterns.size();
  if (all > session.patterns_max)
    return fail(
        ErrorCode::kTooManyChannels, "{} channels, the limit is {}", all, session.patterns_max
    );
  return patterns;
}

Result<Subscribed> LoopFeedImpl::subscribe(
    SlotId id,
    const std::vector<std::string>& channels,
    const std::optional<std::string>& since,
    const std::function<std::string(const Subscribed&)>& answer
) {
  drain_inbox();  // what was committed before this request is not "live from now"
  Session* session = find(id);
  if (!session) return fail(ErrorCode::kInternal, "the session is gone");
  MLG_TRY(patterns, new_patterns(*session, channels));
  const std::string& epoch = shared_.log.epoch();
  Subscribed outcome;
  std::uint64_t begin = tail_;
  if (since) {
    const auto cursor = model::parse_cursor(*since);
    if (!cursor)
      return fail(ErrorCode::kBadRequest, "since '{}' is no event id", model::printable(*since));
    if (cursor->epoch == epoch && cursor->seq > shared_.log.tail())
      return fail(ErrorCode::kBadRequest, "since '{}' lies ahead of the newest event", *since);
    outcome.recovered = cursor->epoch == epoch && cursor->seq + 1 >= shared_.log.oldest();
    outcome.cursor_expired = !outcome.recovered;
    // Perhaps ahead of this loop: a state shows what is on disk before the loops are handed it, and
    // one loop sends it before another.
    if (outcome.recovered) begin = cursor->seq;
  }
  const std::uint64_t position = session->live ? tail_ : session->position;
  if (begin < position && !patterns.empty()) {
    session->interest.rewind(position);
    fall_behind(*session, begin);
  } else if (begin > tail_ && session->live && session->interest.patterns().empty()) {
    fall_behind(*session, begin);  // until the loop has come there
  }
  for (auto& pattern : patterns) add_pattern(id.slot, std::move(pattern), begin);
  outcome.channels = this->channels(id);
  outcome.id = model::format_cursor({epoch, begin});
  if (const std::string message = answer(outcome); !message.empty()) send_message(id, message);
  mark_dirty(id.slot, *session);
  return outcome;
}

void LoopFeedImpl::add_pattern(std::uint32_t slot, protocol::Pattern pattern, std::uint64_t begin) {
  auto& interest = slots_[slot].session->interest;
  const auto number = static_cast<std::uint32_t>(interest.patterns().size());
  const std::uint32_t place = index_.add(pattern.text(), {slot, number});
  interest.add(std::move(pattern), begin);
  interest.patterns().back().place = place;
}

void LoopFeedImpl::remove_pattern(std::uint32_t slot, std::size_t number) {
  Session& session = *slots_[slot].session;
  auto& patterns = session.interest.patterns();
  const auto* moved = index_.remove(patterns[number].pattern.text(), patterns[number].place);
  if (moved)
    slots_[moved->slot].session->interest.patterns()[moved->number].place = patterns[number].place;
  session.interest.remove(number, session.live ? tail_ : session.position);
  for (std::size_t i = number; i < patterns.size(); ++i)
    index_.renumber(patterns[i].pattern.text(), patterns[i].place, static_cast<std::uint32_t>(i));
}

void LoopFeedImpl::remove_all_patterns(std::uint32_t slot) {
  const auto& patterns = slots_[slot].session->interest.patterns();
  while (!patterns.empty()) remove_pattern(slot, patterns.size() - 1);
}

std::vector<std::string> LoopFeedImpl::unsubscribe(
    SlotId id, const std::vector<std::string>& channels
) {
  Session* session = find(id);
  if (!session) return {};
  const bool all = std::find(channels.begin(), channels.end(), "*") != channels.end();
  const auto& patterns = session->interest.patterns();
  for (std::size_t i = patterns.size(); i > 0; --i)
    if (all || std::find(channels.begin(), channels.end(), patterns[i - 1].pattern.text()) !=
                   channels.end())
      remove_pattern(id.slot, i - 1);
  drop_unwanted_samples(*session);
  return this->channels(id);
}

std::vector<std::string> LoopFeedImpl::set_scopes(SlotId id, const protocol::Scopes& scopes) {
  Session* session = find(id);
  if (!session) return {};
  std::vector<std::string> gone;
  const auto& patterns = session->interest.patterns();
  for (std::size_t i = patterns.size(); i > 0; --i)
    if (!scopes.could_match(patterns[i - 1].pattern)) {
      gone.push_back(patterns[i - 1].pattern.text());
      remove_pattern(id.slot, i - 1);
    }
  session->interest.set_scopes(share(scopes), session->live ? tail_ : session->position);
  drop_unwanted_samples(*session);
  std::reverse(gone.begin(), gone.end());
  return gone;
}

void LoopFeedImpl::drop_unwanted_samples(Session& session) {
  if (!session.held) return;
  std::erase_if(*session.held, [&](const auto& item) {
    return !session.interest.matches(*item.second);
  });
  if (session.held->empty()) session.held.reset();
}

std::vector<std::string> LoopFeedImpl::channels(SlotId id) const {
  std::vector<std::string> all;
  if (const Session* session = find(id))
    for (const auto& wanted : session->interest.patterns()) all.push_back(wanted.pattern.text());
  return all;
}

void LoopFeedImpl::send_state(SlotId id, std::uint64_t seq, PartSource parts) {
  Session* session = find(id);
  if (!session || session->evicted) return;
  if (session->states.size() >= kStatesMax)
    return evict(id.slot, *session, 4102, "too many states are waiting");
  session->states.push_back({seq, std::move(parts)});
  if (session->live) fall_behind(*session, tail_);
  mark_dirty(id.slot, *session);
}

bool LoopFeedImpl::state_pending(SlotId id) const {
  const Session* session = find(id);
  return session && !session->states.empty();
}

void LoopFeedImpl::send_message(SlotId id, std::string_view json) {
  Session* session = find(id);
  if (!session) return;
  push(id.slot, *session, LocalRef::owned(frame_message(session->outbox.encoding(), json)));
}

void LoopFeedImpl::send_raw(SlotId id, std::string bytes) {
  if (Session* session = find(id)) push(id.slot, *session, LocalRef::owned(std::move(bytes)));
}

void LoopFeedImpl::put(Session& session, LocalRef item) {
  if (session.outbox.empty()) session.taken_at = now_;
  session.outbox.push(std::move(item), shared_.log.epoch(), nodes_);
}

void LoopFeedImpl::push(std::uint32_t slot, Session& session, LocalRef item) {
  put(session, std::move(item));
  mark_dirty(slot, session);
}

std::uint64_t LoopFeedImpl::position(SlotId id) const {
  const Session* session = find(id);
  return !session || session->live ? tail_ : session->position;
}

std::size_t LoopFeedImpl::queued_bytes(SlotId id) const {
  const Session* session = find(id);
  return session ? session->outbox.bytes() : 0;
}

bool LoopFeedImpl::drained(SlotId id) const {
  const Session* session = find(id);
  return !session || session->outbox.empty();
}

void LoopFeedImpl::tell_when_written(SlotId id, bool tell) {
  if (Session* session = find(id)) session->tells = tell;
}

void LoopFeedImpl::on_writable(SlotId id) {
  Session* session = find(id);
  if (!session) return;
  session->blocked = false;
  mark_dirty(id.slot, *session);
}

}  // namespace mlgraph::hub
