// Engine: the flat tier without its dead rows.
#include "index/engine.h"
#include "index/engine_impl.h"

namespace mlgraph::index {

using base::Result;

namespace {

constexpr std::size_t kBatch = 500;  ///< rows that are written again at once

}  // namespace

// Row numbers never come back, so a row moves by being written again under a new one, as if a
// client had sent it; whoever deletes or replaces it meanwhile comes first or last, as with
// clients.
Result<void> Engine::Impl::compact_flat(
    RunningIndex& index, RunningShard& shard, const ResealProgress& progress
) MLG_ATTRIBUTE(no_thread_safety_analysis) {
  std::vector<std::uint32_t> rows;
  {
    const WriterLocks lock({&shard});
    rows = shard.data.begin_compaction();
  }
  for (std::size_t begin = 0; begin < rows.size(); begin += kBatch) {
    if (!progress("writing", static_cast<double>(begin) / static_cast<double>(rows.size())))
      return base::fail(base::ErrorCode::kCancelled, "the compaction was cancelled");
    const WriterLocks lock({&shard});
    if (index.removed) break;
    std::vector<store::RowKey> keys;
    for (std::size_t i = begin; i < std::min(rows.size(), begin + kBatch); ++i)
      keys.push_back(shard.data.key_of(rows[i]));
    const auto stored = vectors_.get_many(keys);
    std::vector<NewRow> again;
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (!stored[i]) continue;  // deleted or replaced meanwhile
      const auto hash = hash_id(stored[i]->id);
      if (shard.data.find(stored[i]->id, hash) != rows[begin + i]) continue;
      again.push_back({stored[i]->id, hash, stored[i]->values, stored[i]->metadata});
    }
    const auto batch = vectors_.make_batch();
    shard.data.prepare(again, *batch);
    MLG_TRY_VOID(vectors_.write(*batch, false));
    shard.data.apply(again);
  }
  const auto synced = vectors_.make_batch();
  MLG_TRY_VOID(vectors_.write(*synced, true));
  {
    const WriterLocks lock({&shard});
    shard.data.drop_dead_places();
  }
  shard.data.forget_dead();
  return {};
}

}  // namespace mlgraph::index
