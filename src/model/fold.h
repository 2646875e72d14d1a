#pragma once
// State is a fold of the log: Fold::apply is the only way it changes.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "model/alert.h"
#include "model/entry.h"
#include "model/index.h"
#include "model/job.h"

namespace mlgraph::model {

/// An index with what only the server knows of it.
struct IndexRecord {
  Index object;
  std::uint32_t number = 0;  ///< keys of its vector rows; never reused
  std::string
      private_json;  ///< as of the last index event that carried some (sealed parts by shard)
  std::map<std::uint32_t, std::string>
      parts;  ///< shard -> private JSON of its sealed part, set by shard_transition
};

/// The folded state. Copying it copies pointers only: objects are immutable and replaced whole.
/// What an entry changes follows from it and from the objects that clients see, so that a client
/// that begins at any state and applies the events after it arrives at the same objects. The rules
/// stand in docs/protocol.md, "The fold"; sdk/typescript/src/fold.ts is the same fold once more,
/// and tests/fold runs both over the same events. Threads: a value; give each thread its own or
/// guard it.
class Fold {
 public:
  static constexpr std::size_t kEndedJobsPerIndex = 100;
  static constexpr std::size_t kDeletedIndicesWithJobs = 100;

  /// Applies one entry; seq() becomes its seq. errors kCorrupt (a log that does not parse), nothing
  /// changed.
  [[nodiscard]] base::Result<void> apply(const Entry& entry);

  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  [[nodiscard]] base::Timestamp timestamp() const { return timestamp_; }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const IndexRecord>>& indices() const {
    return indices_;
  }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const Job>>& jobs() const {
    return jobs_;
  }
  /// Open alerts by id.
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const Alert>>& alerts() const {
    return alerts_;
  }
  [[nodiscard]] std::shared_ptr<const IndexRecord> index(const std::string& id) const;
  [[nodiscard]] std::shared_ptr<const Job> job(const std::string& id) const;
  [[nodiscard]] std::shared_ptr<const Alert> alert(const std::string& id) const;
  /// What only the server knows of a job that has not ended: the private part of the last job event
  /// that carried one. Null: none.
  [[nodiscard]] std::shared_ptr<const std::string> job_private(const std::string& id) const;
  [[nodiscard]] std::uint32_t next_index_number() const { return next_index_number_; }

  /// Materialised form: key -> JSON, written beside the log in the batch of the entries it
  /// reflects. `changed(key, value)`; an empty value means the key is gone. Reports what apply()
  /// touched since the last call.
  void take_changes(
      const std::function<void(const std::string& key, const std::string& value)>& changed
  );
  /// Takes over what `newer` changed since the last follow(): `newer` is this fold plus applied
  /// entries whose take_changes() has been called. Shares the objects; costs the number of changed
  /// keys.
  void follow(Fold& newer);
  /// Rebuilds from materialised pairs, in key order. errors kCorrupt.
  [[nodiscard]] base::Result<void> load(const std::string& key, const std::string& value);

 private:
  base::Result<void> apply_index(const Entry& entry, const base::Json& data);
  base::Result<void> apply_transition(const Entry& entry, const base::Json& data);
  base::Result<void> apply_job(const Entry& entry, const base::Json& data);
  base::Result<void> apply_alert(const Entry& entry, const base::Json& data);
  void put_job(const std::string& id, std::shared_ptr<const Job> job);
  void drop_job(const std::string& id);
  void forget_old_jobs(const std::string& index);
  void forget_jobs_of_deleted();
  void touch(std::string key) { touched_.insert(std::move(key)); }
  [[nodiscard]] std::string materialise(const std::string& key) const;

  std::uint64_t seq_ = 0;
  base::Timestamp timestamp_;
  std::uint32_t next_index_number_ = 1;
  std::map<std::string, std::shared_ptr<const IndexRecord>> indices_;
  std::map<std::string, std::shared_ptr<const Job>> jobs_;
  std::map<std::string, std::shared_ptr<const std::string>> job_privates_;  ///< of running jobs
  std::map<std::string, std::shared_ptr<const Alert>> alerts_;
  /// index -> (finished_at, id) of its ended jobs, the first to be forgotten in front. Follows from
  /// jobs_ alone, as whoever only sees the jobs must be able to tell which one goes next.
  std::map<std::string, std::set<std::pair<base::Timestamp, std::string>>> ended_;
  std::set<std::string> touched_;   ///< since take_changes()
  std::set<std::string> followed_;  ///< keys taken but not followed yet
};

}  // namespace mlgraph::model
