#include "work/restore_job.h"

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<jobs::JobSpec> restore_spec(
    const index::Engine& engine, const SnapshotHead& head, const std::string& name
) {
  model::Index index = head.index;
  if (!name.empty()) index.index_id = name;
  std::string text;
  base::JsonWriter out(text);
  model::write(out, index);
  MLG_TRY(spec, base::parse_json(text));
  MLG_TRY(creation, engine.creation(spec));
  if (engine.get(index.index_id))
    return fail(ErrorCode::kConflict, "index '{}' exists already", index.index_id);
  jobs::JobSpec job;
  job.job_type = kRestoreType;
  job.index = index.index_id;
  job.total = head.rows;
  job.lane = jobs::Lane::kFileImports;
  job.first = std::move(creation);
  return job;
}

Result<void> run_restore(
    index::Engine& engine,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    jobs::JobHandle& job,
    SnapshotReader& snapshot
) {
  const auto counts = metrics.index(job.index());
  job.set_phase("writing");
  RowBuffer rows(snapshot.head().index.dimension);
  for (;;) {
    if (job.cancelled()) return fail(ErrorCode::kCancelled, "the job was asked to stop");
    rows.clear();
    MLG_TRY(more, snapshot.next(rows));
    if (!more) break;
    const auto view = rows.view();
    MLG_TRY_VOID(engine.check_rows(job.index(), view));
    MLG_TRY(written, engine.upsert_unsynced(job.index(), view));
    const auto now = clock.steady_now();
    counts->ingested.add(now, written);
    counts->ingested_bytes.add(now, rows.bytes());
    counts->ingested_total.fetch_add(written, std::memory_order_relaxed);
    job.add_processed(rows.rows());
  }
  job.set_phase("syncing");
  return engine.sync();
}

bool is_half_made(const model::Index& index, const model::Job& job) {
  return job.job_type == kRestoreType && job.state == model::JobState::kFailed &&
         job.index == index.index_id && job.started_at == index.created_at;
}

}  // namespace mlgraph::work
