#pragma once
#include <memory>
#include <string>

#include "index/engine.h"
#include "jobs/runner.h"
#include "metrics/server_metrics.h"
#include "work/row_source.h"

namespace mlgraph::work {

/// Reads rows and writes them as they come; bad rows are counted and passed over. All rows are
/// durable on return, also when it returns an error: what was applied stays. Phases "reading" until
/// the first row, then "writing", "syncing". Threads  blocks its caller.  errors  those of the
/// source and the engine, kCancelled.
[[nodiscard]] base::Result<void> run_import(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    jobs::JobHandle& job,
    RowSource& source,
    std::optional<std::uint64_t> body_bytes
);

/// A regular file below `folder`, opened so that the kernel refuses to leave it (RESOLVE_BENEATH,
/// no symbolic links). errors  kInvalidValue naming the source, kNotFound.
[[nodiscard]] base::Result<std::unique_ptr<ByteSource>> open_import_file(
    const std::string& folder, const std::string& source
);
/// By file name: ".npy" -> application/x-npy, …; empty when unknown.
[[nodiscard]] std::string content_type_of(const std::string& source);

}  // namespace mlgraph::work
