#pragma once
// What has happened, for the oracle: every durable event as the log took it, and the state after
// each.
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/entry.h"
#include "model/fold.h"
#include "sim/rules.h"
#include "sim/transcript.h"

namespace mlgraph::sim {

/// One object of the state, as its JSON is written again from what was parsed: equal text, equal
/// object.
struct Object {
  Family family = Family::kIndex;
  std::string entity;
  std::string index;  ///< that it names; empty: none
  std::string text;
};
/// By "index/docs", "job/import-1", "alert/alert-1".
using Objects = std::map<std::string, std::shared_ptr<const Object>>;

[[nodiscard]] std::string key_of(Family family, std::string_view entity);
/// Parsed and written again: one spelling for one value.
[[nodiscard]] std::string canonical(std::string_view json);

class History {
 public:
  using Entries = std::span<const std::shared_ptr<const model::Entry>>;

  explicit History(Transcript& transcript) : transcript_(transcript) { states_.emplace_back(); }
  /// The log has taken these.
  void record(Entries entries);

  [[nodiscard]] std::uint64_t size() const { return entries_.size(); }
  [[nodiscard]] const model::Entry& at(std::uint64_t seq) const { return *entries_[seq - 1]; }
  /// The state after the event `seq`; 0: before the first.
  [[nodiscard]] const Objects& state_at(std::uint64_t seq) const { return states_[seq]; }
  [[nodiscard]] std::size_t largest_event() const { return largest_event_; }
  /// An upper bound of what one message of any state so far may hold.
  [[nodiscard]] std::size_t largest_state() const { return largest_state_; }

 private:
  void fold(const model::Entry& entry);

  Transcript& transcript_;
  model::Fold fold_;
  std::vector<std::shared_ptr<const model::Entry>> entries_;
  std::vector<Objects> states_;
  std::size_t largest_event_ = 0;
  std::size_t largest_state_ = 0;
};

/// All objects of a fold.
[[nodiscard]] Objects objects_of(const model::Fold& fold);

}  // namespace mlgraph::sim
