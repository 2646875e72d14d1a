#pragma once
// An index as a file that makes the same index elsewhere: settings and rows of one moment.
#include <string>

#include "index/engine.h"
#include "jobs/runner.h"
#include "store/vector_store.h"
#include "work/result_files.h"

namespace mlgraph::work {

inline constexpr const char* kSnapshotType = "snapshot";
inline constexpr const char* kSnapshotSuffix = "mlgsnap";

/// What snapshots read and write. Everything outlives the jobs.
struct SnapshotPlaces {
  const store::VectorStore& vectors;
  store::Committer& committer;
  index::Engine& engine;
  ResultFiles& results;
  const base::Clock& clock;
};

/// Begins a job of type "snapshot". Its moment is when it begins to run, between two writes and
/// between two events: the file has the settings as of an event's id and the rows that were there
/// while that event was the newest. For the moment itself writers wait, for one commit; the reading
/// goes on beside them. A job that fails or is cancelled leaves no file.
/// errors  those of jobs::Runner::start.
[[nodiscard]] base::Result<model::Job> start_snapshot(
    const SnapshotPlaces& places,
    jobs::Runner& runner,
    const std::string& index,
    const std::string& job_id
);

}  // namespace mlgraph::work
