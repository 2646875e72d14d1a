#pragma once
// What the log is told of a job: its begin, its progress, its end.
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "jobs/job_spec.h"
#include "model/job.h"
#include "store/committer.h"
#include "store/vector_store.h"

namespace mlgraph::jobs {

/// Threads  any. Nothing is logged behind a job's end.
class JobLog {
 public:
  /// `tallies`: where imports count the rows that stay; may be null.
  JobLog(store::Committer& committer, store::VectorStore* tallies)
      : committer_(committer), tallies_(tallies) {}

  /// job.started, behind what `spec.first` logs; sets started_at.
  /// errors  kNotFound: no such index; kConflict: the id was used before; those of `spec.first`.
  [[nodiscard]] base::Result<void> start(model::Job& job, const JobSpec& spec);
  /// job.progress, without waiting for it; a failure is passed over, the next report says more.
  void progress(const model::Job& job);
  /// job.failed, or job.progress of 1 and job.completed; `last` becomes the object as it was
  /// logged. The job's tally is forgotten.
  [[nodiscard]] base::Result<void> end(model::Job& last, const base::Result<void>& outcome);

  /// What is left of a job that a restart cut: imports with the count of what stands in the store.
  [[nodiscard]] model::Job as_left(const model::Job& job, const std::vector<store::Note>& notes)
      const;
  /// job.failed with the code `interrupted`.
  [[nodiscard]] base::Result<void> end_interrupted(const model::Job& left);
  /// job.progress with the state `queued`, where that is a change.
  [[nodiscard]] base::Result<void> queue_again(const model::Job& left);
  [[nodiscard]] base::Result<std::vector<store::Note>> notes() const;
  void forget(const std::vector<store::Note>& notes);

 private:
  store::Committer& committer_;
  store::VectorStore* const tallies_;
};

}  // namespace mlgraph::jobs
