#pragma once
#include "index/engine.h"
#include "jobs/runner.h"
#include "metrics/server_metrics.h"
#include "work/snapshot_reader.h"

namespace mlgraph::work {

inline constexpr const char* kRestoreType = "restore";

/// The job that makes index `name` as the snapshot has it: its index.created and its job.started
/// are logged together. errors  kConflict (there is one), kInvalidValue (a name that cannot be,
/// settings that this server does not know), kReadonly.
[[nodiscard]] base::Result<jobs::JobSpec> restore_spec(
    const index::Engine& engine, const SnapshotHead& head, const std::string& name
);

/// Writes the rows of a snapshot into the job's index, block by block, each verified before. All
/// are durable on return. After an error the index is half made, and its maker's to delete. Threads
/// blocks its caller.  errors  those of the reader and the engine, kCancelled.
[[nodiscard]] base::Result<void> run_restore(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    jobs::JobHandle& job,
    SnapshotReader& snapshot
);

/// Whether an index is what a failed restore has left. They began in one command, at one time; an
/// index of this name that was made later did not.
[[nodiscard]] bool is_half_made(const model::Index& index, const model::Job& job);

}  // namespace mlgraph::work
