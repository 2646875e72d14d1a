#include "hub/interest.h"

#include <algorithm>

namespace mlgraph::hub {

bool Interest::has(std::string_view text) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Wanted& wanted) {
    return wanted.pattern.text() == text;
  });
}

void Interest::add(protocol::Pattern pattern, std::uint64_t begin) {
  const auto entity = pattern.entity();
  sought_.push_back({pattern.kinds(), entity.empty() ? 0 : store::BlockSummary::hash(entity)});
  patterns_.push_back({std::move(pattern), begin, begin, 0});
  settled_ = std::max(settled_, begin);
}

void Interest::remember(const Wanted& wanted, std::uint64_t position) {
  const std::uint64_t high = std::max(wanted.high, position);
  if (high <= wanted.begin) return;
  settled_ = std::max(settled_, high);
  for (Had& had : had_)
    if (had.pattern == wanted.pattern && had.scopes == scopes_ && wanted.begin <= had.high &&
        had.begin <= high) {
      had.begin = std::min(had.begin, wanted.begin);
      had.high = std::max(had.high, high);
      return;
    }
  if (had_.size() >= had_max_) had_.erase(had_.begin());
  had_.push_back({wanted.pattern, wanted.begin, high, scopes_});
}

void Interest::remove(std::size_t number, std::uint64_t position) {
  remember(patterns_[number], position);
  patterns_.erase(patterns_.begin() + static_cast<std::ptrdiff_t>(number));
  sought_.erase(sought_.begin() + static_cast<std::ptrdiff_t>(number));
}

void Interest::set_scopes(ScopesPtr scopes, std::uint64_t position) {
  for (Wanted& wanted : patterns_) {
    remember(wanted, position);
    wanted.begin = wanted.high = std::max(wanted.begin, position);
    settled_ = std::max(settled_, wanted.high);
  }
  scopes_ = std::move(scopes);
}

void Interest::rewind(std::uint64_t position) {
  for (Wanted& wanted : patterns_)
    if (wanted.begin < position) wanted.high = std::max(wanted.high, position);
  settled_ = std::max(settled_, position);
}

bool Interest::wants(const LocalFrame& local) const {
  const Frame& frame = *local.frame;
  bool wanted_by_one = false;
  for (const Wanted& wanted : patterns_) {
    if (frame.seq <= wanted.begin || !wanted.pattern.matches(frame.kind, frame.entity)) continue;
    if (frame.seq <= wanted.high) return false;
    wanted_by_one = true;
  }
  if (!wanted_by_one || !local.visible_to(*scopes_)) return false;
  return std::none_of(had_.begin(), had_.end(), [&](const Had& had) {
    return had.begin < frame.seq && frame.seq <= had.high &&
           had.pattern.matches(frame.kind, frame.entity) &&
           had.scopes->scopes.sees(frame.kind, frame.entity, frame.index);
  });
}

bool Interest::wants_found(const LocalFrame& local) const {
  return local.frame->seq > settled_ ? local.visible_to(*scopes_) : wants(local);
}

bool Interest::matches(const LocalFrame& local) const {
  const Frame& frame = *local.frame;
  return std::any_of(
             patterns_.begin(),
             patterns_.end(),
             [&](const Wanted& wanted) { return wanted.pattern.matches(frame.kind, frame.entity); }
         ) &&
         local.visible_to(*scopes_);
}

}  // namespace mlgraph::hub
