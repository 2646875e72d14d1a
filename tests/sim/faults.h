#pragma once
// Deliberate faults around the real code: each stands for a bug that delivery could have, and shows
// that the oracle would see it. None is in src/.
#include <cstdint>
#include <string_view>

#include "sim/random.h"

namespace mlgraph::sim {

enum class Fault : std::uint8_t {
  kNone,
  kBatchDropped,     ///< one group of events never reaches the sessions of one loop
  kBatchTwice,       ///< it reaches them twice
  kEventsSwapped,    ///< two neighbouring events change places on a session
  kReadLeavesOut,    ///< the log's read leaves out an entry
  kReadStale,        ///< it returns an older entry's bytes in place of one
  kReadShortAtJoin,  ///< a replay that reaches the tail misses the event before the newest
  kPassesTooMuch,    ///< a reader is told to pass over one entry more than it may
  kOldestTooLow,     ///< the log says that it holds what retention has dropped
  kOldestTooHigh,    ///< it says that more is dropped than is
  kStepLost,         ///< a step posted to a loop never runs
  kBufferLost,       ///< whole frames that a socket had buffered are gone
  kSinceTooHigh,     ///< a resume without ref begins one event late
  kUnsubscribeLost,  ///< an unsubscribe without ref is not carried out
  kScopesKept,       ///< sessions do not hear that their token was narrowed
  kRevocationLost,   ///< nor that it was revoked
  kStateOvertakes,   ///< a state goes out before an event that it holds
  kMetricStale,      ///< an older sample comes again
  kAnswerTwice,      ///< an answer is sent twice
  kAppendForgotten,  ///< an acknowledged write is gone after a crash
};

/// When a fault strikes. One that is to strike once is spent after it has.
class Faults {
 public:
  explicit Faults(Fault fault) : fault_(fault) {}
  [[nodiscard]] Fault fault() const { return fault_; }
  [[nodiscard]] bool is(Fault fault) const { return fault_ == fault; }
  /// Asked at each occasion: strikes once, at one of the first `of` occasions.
  [[nodiscard]] bool strikes_once(Fault fault, Random& random, std::uint64_t of) {
    if (fault_ != fault || struck_ || !random.one_in(of)) return false;
    return struck_ = true;
  }
  [[nodiscard]] bool struck() const { return struck_; }
  void stop() { fault_ = Fault::kNone; }

 private:
  Fault fault_;
  bool struck_ = false;
};

}  // namespace mlgraph::sim
