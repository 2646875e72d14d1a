#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.h"
#include "hub/local_frame.h"
#include "protocol/channel.h"

namespace mlgraph::hub {

/// What a session wants of the log, and what it has had of it.
///
/// Each pattern wants the events after its `begin`. A session reads the log once for all patterns;
/// when a new one wants older events, the reading goes back, and the others remember as their
/// `high` how far they had been served:
///   begin ........ high ............ reading position goes back here, later patterns' begin
///   |--- had it ---|
/// Patterns that went (unsubscribed, or narrowed by other scopes) leave their interval behind in
/// `had_`, so that an event is sent once on a session whatever is subscribed, dropped and
/// subscribed again.
/// Threads    confined to the loop.
/// Full       at most `had_max` intervals of patterns that went; the oldest is forgotten.
class Interest {
 public:
  using ScopesPtr = std::shared_ptr<const NumberedScopes>;
  struct Wanted {
    protocol::Pattern pattern;
    std::uint64_t begin = 0;
    std::uint64_t high = 0;
    std::uint32_t place = 0;  ///< in its PatternIndex list
  };
  Interest(ScopesPtr scopes, std::size_t had_max) : scopes_(std::move(scopes)), had_max_(had_max) {}

  [[nodiscard]] const std::vector<Wanted>& patterns() const { return patterns_; }
  [[nodiscard]] std::vector<Wanted>& patterns() { return patterns_; }
  [[nodiscard]] const ScopesPtr& scopes() const { return scopes_; }
  [[nodiscard]] bool has(std::string_view text) const;
  void add(protocol::Pattern pattern, std::uint64_t begin);
  /// `position`: how far the session has read.
  void remove(std::size_t number, std::uint64_t position);
  void set_scopes(ScopesPtr scopes, std::uint64_t position);
  /// The reading goes back from `position`: what was served so far is remembered.
  void rewind(std::uint64_t position);

  /// Whether this durable event is to be sent when the reading passes it.
  [[nodiscard]] bool wants(const LocalFrame& frame) const;
  /// The same of a frame that one of the patterns is known to match. At the tail it looks at none
  /// of them, so that what an event costs does not grow with the patterns that it does not match.
  [[nodiscard]] bool wants_found(const LocalFrame& frame) const;
  /// Whether it wants every one of the events behind `seq` that one of the patterns is known to
  /// match, under scopes that see them.
  [[nodiscard]] bool settled_before(std::uint64_t seq) const { return seq > settled_; }
  /// For metrics, which have no past.
  [[nodiscard]] bool matches(const LocalFrame& frame) const;
  /// What the log is asked for, to pass over blocks that hold nothing of it.
  [[nodiscard]] const std::vector<store::Sought>& sought() const { return sought_; }

 private:
  struct Had {
    protocol::Pattern pattern;
    std::uint64_t begin = 0;
    std::uint64_t high = 0;
    ScopesPtr scopes;  ///< those under which it was served
  };
  void remember(const Wanted& wanted, std::uint64_t position);

  // First what each event looks at.
  std::uint64_t settled_ = 0;  ///< no pattern's begin or high, nor any interval had, lies behind it
  ScopesPtr scopes_;
  std::vector<Wanted> patterns_;
  std::vector<store::Sought> sought_;  ///< one a pattern
  std::vector<Had> had_;               ///< oldest first
  std::size_t had_max_;
};

}  // namespace mlgraph::hub
