#pragma once
// Rules over measured values: firing, changing severity, resolving. The door of this module.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/rule.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/live.h"
#include "base/mutex.h"
#include "metrics/sampler.h"
#include "model/alert.h"
#include "store/committer.h"
#include "store/log.h"

namespace mlgraph::alerts {

/// Refusals of one bucket in one window, for alert.rate_limit.
struct RateLimitReport {
  std::string token;  ///< its name, never the secret; "unauthenticated"
  std::uint32_t limit = 0;
  std::uint32_t window_seconds = 60;
  std::uint64_t rejected = 0;
  std::uint32_t retry_after_seconds = 1;
};

/// What a node is so short of that it should take no more in.
struct Shortage {
  bool disk = false;
  bool memory = false;
  bool operator==(const Shortage&) const = default;
};

/// Invariant  one open alert per rule and object, under one alertId from its first event to
/// alert.resolved; an event per
///            change of severity, none for a changed value. Levels of return lie below levels of
///            alarm, a breach must last.
/// Place      one per server. evaluate() once a second from the sampler.
/// Threads    shared.
class AlertDesk {
 public:
  struct Options {
    std::string node = "n1";
    base::Live<bool> memory_guard = false;  ///< whether memory is guarded as the disk is
  };
  AlertDesk(
      store::Committer& committer, store::Log& config, const base::Clock& clock, Options options
  );

  /// Loads rules from the configuration store and takes up open alerts from the state.
  [[nodiscard]] base::Result<void> start();
  void evaluate(const metrics::Gauges& gauges);
  /// As of the next evaluate().
  void set_memory_guard(bool on) { options_.memory_guard = on; }
  /// Of a guarded gauge, from an alert's `error` until it is resolved, or until its rule is changed
  /// to one that would not have it in error; over a restart too. As of the last evaluate() or
  /// start().
  [[nodiscard]] Shortage shortage() const;
  /// Refuses an unknown rule with kNotFound unless the members given make a whole one.
  [[nodiscard]] base::Result<Rule> put_rule(const std::string& name, const base::Json& changes);
  [[nodiscard]] std::vector<Rule> rules() const;
  [[nodiscard]] std::vector<model::Alert> open_alerts() const;
  /// Commits the alert again with acknowledged_at. errors kNotFound.
  [[nodiscard]] base::Result<model::Alert> acknowledge(const std::string& alert_id);
  /// Resolves all open alerts of an index, before its deletion. None is raised from then on, until
  /// index.deleted is logged or the deletion is given up.
  [[nodiscard]] base::Result<void> resolve_index(const std::string& index);
  /// The deletion that resolve_index() prepared has failed: the index is watched again.
  void reopen_index(const std::string& index);
  void rate_limited(const RateLimitReport& report);

 private:
  enum class Level : std::uint8_t { kOk, kWarning, kError };
  /// What is watched: a rule, and the index (or node) its value is of.
  struct Key {
    std::string rule;
    std::string object;
    auto operator<=>(const Key&) const = default;
  };
  /// How the last event of a watch fares on its way to the log.
  enum class Fate : std::uint8_t { kOnItsWay, kLogged, kLost };
  struct Watch {
    Level level = Level::kOk;                       ///< as published
    std::string alert_id;                           ///< of the alert open now, or last
    std::optional<base::SteadyTime> warning_since;  ///< beyond warn, or error, without a break
    std::optional<base::SteadyTime> error_since;
    bool guards = false;        ///< in error, or was and is not resolved; of guarded gauges only
    bool rule_changed = false;  ///< levels of return do not hold an alert that the new rule would
                                ///< not raise
    std::shared_ptr<std::atomic<Fate>> fate;  ///< shared with the committer; null: nothing sent
  };
  struct Reading {
    std::string object;  ///< index, or empty: the node
    double value = 0;
  };

  void on_entries(std::span<const std::shared_ptr<const model::Entry>> entries);
  [[nodiscard]] std::vector<Reading> readings(const Rule& rule, const metrics::Gauges& gauges) const
      MLG_REQUIRES(mutex_);
  void look(const Rule& rule, const Reading& reading, base::SteadyTime now) MLG_REQUIRES(mutex_);
  void take_back_lost(Watch& watch) MLG_REQUIRES(mutex_);
  [[nodiscard]] bool is_guard(const Rule& rule) const;
  [[nodiscard]] static Level level_for(
      const Rule& rule, double value, Watch& watch, base::SteadyTime now
  );
  void publish(const Rule& rule, const Reading& reading, Watch& watch, Level level)
      MLG_REQUIRES(mutex_);
  void resolve_unmeasured(const Rule& rule, Watch& watch) MLG_REQUIRES(mutex_);
  void resolve_unwatched(const Rule& rule, const std::vector<Reading>& seen) MLG_REQUIRES(mutex_);
  void submit(const Rule& rule, Watch& watch, store::Command command) MLG_REQUIRES(mutex_);

  store::Committer& committer_;
  store::Log& config_;
  const base::Clock& clock_;
  Options options_;
  // A changed rule waits for the disk; the sampler and the committer, who take mutex_, do not.
  base::Mutex change_mutex_;
  mutable base::Mutex mutex_;
  std::map<std::string, Rule> rules_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> revisions_ MLG_GUARDED_BY(mutex_);
  std::map<Key, Watch> watches_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> failed_jobs_ MLG_GUARDED_BY(mutex_
  );                                                      ///< by index, since its last good job
  std::set<std::string> closing_ MLG_GUARDED_BY(mutex_);  ///< indices about to be deleted
};

}  // namespace mlgraph::alerts
