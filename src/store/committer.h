#pragma once
// The one writer of the log: decides commands in order, makes them durable in groups, then lets
// them be seen.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "model/cursor.h"
#include "model/entry.h"
#include "model/fold.h"

namespace mlgraph::store {

class Log;

/// What a command sees while it is decided: the state including every entry of its group before it,
/// durable or not.
class Decision {
 public:
  Decision(const model::Fold& tentative, base::Timestamp now, std::vector<model::Draft>& drafts)
      : tentative_(tentative), now_(now), drafts_(drafts) {}
  [[nodiscard]] const model::Fold& state() const { return tentative_; }
  [[nodiscard]] base::Timestamp now() const {
    return now_;
  }  ///< the timestamp the entries will carry
  void log(model::Draft draft) { drafts_.push_back(std::move(draft)); }

 private:
  const model::Fold& tentative_;
  base::Timestamp now_;
  std::vector<model::Draft>& drafts_;
};

/// Checks against `decision.state()` and logs zero or more drafts, or refuses with an error (drafts
/// of a refused command are dropped). All drafts of one command are committed together. Runs on the
/// committer thread: quick, no I/O.
using Command = std::function<base::Result<void>(Decision& decision)>;
/// After durability and publication (or the refusal): the seq of the command's last entry, or the
/// seq of the state it saw if it logged none. Runs on the committer thread: hand on, don't work.
using Done = std::function<void(base::Result<std::uint64_t> outcome)>;
/// Sees every durable entry in order, before the command's Done. Committer thread.
using EntrySink = std::function<void(std::span<const std::shared_ptr<const model::Entry>> entries)>;

/// Place      one per server, over the Log; everything that changes state goes through it.
/// Invariant  state() equals the fold of all entries up to its seq; an entry is published only once
/// it is synced. Threads    shared; one thread at a time decides, writes and publishes. Full more
/// than `queue_max` waiting commands: refused with kOverloaded at once.
class Committer {
 public:
  struct Options {
    std::size_t queue_max = 65'536;
    std::size_t group_max = 1'024;  ///< commands in one synced write
    std::size_t group_bytes_max = 1 << 20;
    /// Told of each command: from submit to its Done. Committer thread.
    std::function<void(std::chrono::nanoseconds latency)> observe = {};
    /// Where groups are committed, one step at a time; it must take that step always. Null: a
    /// thread of its own. A simulation runs the steps by hand.
    base::Executor* executor = nullptr;
  };
  Committer(Log& log, const base::Clock& clock, const Options& options);
  ~Committer();  ///< stop()
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Before the first submit. Sinks are called in the order they were added.
  void add_sink(EntrySink sink);
  void submit(Command command, Done done);
  /// submit, and wait for the outcome. Never from the committer thread or an I/O loop.
  [[nodiscard]] base::Result<std::uint64_t> commit(Command command);
  /// The newest durable state. Cheap: readers of one seq share one copy.
  [[nodiscard]] std::shared_ptr<const model::Fold> state() const;
  [[nodiscard]] model::Cursor tail() const;
  /// Refuses new commands with kShuttingDown, and returns once those queued are done (under an
  /// executor of the caller's: its steps do them).
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::store
