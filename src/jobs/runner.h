#pragma once
// Background work as such: an id, honest progress, cancellation, an end. What the work is, `work`
// says.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "jobs/job_spec.h"
#include "model/job.h"
#include "store/committer.h"
#include "store/vector_store.h"

namespace mlgraph::jobs {

/// The rest of a job that a restart cut.
struct Rest {
  Work work;
  Lane lane = Lane::kTrainings;
};
/// Asked for each job that the log left and that has a private part; `left` is the job as it was
/// left. nullopt: it cannot go on.
using Resume =
    std::function<std::optional<Rest>(const model::Job& left, std::string_view private_json)>;

/// Place     one per server. Owns the background threads, a lane for each kind of job.
/// Full      more than `queue_max` queued jobs of a lane: kOverloaded.
class Runner {
 public:
  struct Options {
    std::size_t threads = 1;  ///< for trainings, niced; the engine adds its own to each
    std::size_t import_threads =
        2;  ///< for imports of files, niced: a small one passes a large one
    std::size_t export_threads = 1;         ///< for what reads all rows, niced
    std::size_t queue_max = 256;            ///< waiting jobs of each lane
    std::size_t imports_max = 64;           ///< jobs driven from outside at once
    store::VectorStore* tallies = nullptr;  ///< where imports count the rows that stay
  };
  Runner(store::Committer& committer, const base::Clock& clock, Options options);
  ~Runner();

  /// Commits job.started (state running, or queued if all threads of its lane are busy — then a
  /// job.progress with state running follows when it begins), then runs `work` there. Returns once
  /// job.started is durable.
  [[nodiscard]] base::Result<model::Job> start(const JobSpec& spec, Work work);
  /// A job driven by the caller's thread (an import fed by a request body): commits job.started,
  /// returns its handle.
  [[nodiscard]] base::Result<std::shared_ptr<JobHandle>> begin(const JobSpec& spec);
  /// Ends a begun job: job.completed (after a job.progress of 1), or job.failed with the error's
  /// code and message.
  base::Result<model::Job> finish(
      const std::shared_ptr<JobHandle>& job, base::Result<void> outcome
  );

  /// Asks a job to stop; it ends in job.failed with code `cancelled`. errors kNotFound, kConflict
  /// (ended already).
  [[nodiscard]] base::Result<model::Job> cancel(const std::string& id);
  /// Cancels all jobs of an index and waits until they have ended (DELETE of an index). No job of
  /// it starts from then on, until index.deleted is logged or the deletion is given up.
  void cancel_index(const std::string& index);
  /// The deletion that cancel_index() prepared has failed: jobs may start again.
  void reopen_index(const std::string& index);
  /// Calls back once the job has ended (at once if it has) with its object, or kNotFound. Any
  /// thread.
  void on_end(const std::string& id, const std::function<void(base::Result<model::Job>)>& callback);
  /// At start: jobs that the log left running or queued, imports with the count of what they left
  /// in the store. Those that `resume` has a Rest for are queued again, under their ids and with
  /// their numbers; a job.progress says so where that is a change. The others end in job.failed
  /// with code `interrupted`.
  [[nodiscard]] base::Result<void> recover(const Resume& resume = nullptr);
  /// Behind recover(), once rows can be written: what was queued again runs when its turn comes.
  void go_on();
  /// Live objects (fresher than the last event), else the folded one.
  [[nodiscard]] std::optional<model::Job> find(const std::string& id) const;
  [[nodiscard]] std::vector<model::Job> list(
      const std::string& index, std::optional<model::JobState> state
  ) const;
  /// Cancels what runs with code `interrupted`, or leaves it to the next start where it goes on,
  /// and joins.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlgraph::jobs
