// Engine: rows in, rows out.
#include <algorithm>
#include <cmath>

#include "index/engine.h"
#include "index/engine_impl.h"
#include "model/names.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::fail_at;
using base::Result;

namespace {

constexpr std::size_t kScrollMax = 1'000;

Result<void> check_values(
    std::span<const float> values, std::size_t row, const RunningIndex& index
) {
  const model::Metric metric = index.metric;
  const bool halves = index.quantization == kFloat16;
  bool zero = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      return fail_at(
          fmt::format("vectors[{}].values[{}]", row, i),
          ErrorCode::kInvalidVector,
          "vectors[{}].values[{}] is not a finite 32-bit number",
          row,
          i
      );
    if (halves && std::abs(values[i]) > kHalfMax)
      return fail_at(
          fmt::format("vectors[{}].values[{}]", row, i),
          ErrorCode::kInvalidVector,
          "vectors[{}].values[{}] is {}, quantization f16 holds no more than {}",
          row,
          i,
          values[i],
          kHalfMax
      );
    zero = zero && values[i] == 0;
  }
  if (zero && metric == model::Metric::kCosine)
    return fail_at(
        fmt::format("vectors[{}].values", row),
        ErrorCode::kInvalidVector,
        "vectors[{}].values are all zero, which has no direction under COSINE",
        row
    );
  return {};
}

Result<void> check_metadata(std::string_view metadata, std::size_t row) {
  if (metadata.empty()) return {};
  const std::string member = fmt::format("vectors[{}].metadata", row);
  if (metadata.size() > kMetadataMax)
    return fail_at(
        member,
        ErrorCode::kInvalidValue,
        "{} has {} bytes, the limit is {}",
        member,
        metadata.size(),
        kMetadataMax
    );
  const auto parsed = base::parse_json(metadata);
  if (!parsed || !parsed->as_object())
    return fail_at(
        member,
        ErrorCode::kInvalidValue,
        "{} must be a JSON object{}",
        member,
        parsed ? "" : ": " + parsed.error().message
    );
  return {};
}

/// Rows of one batch by shard, of equal ids the last only.
struct Grouped {
  std::vector<std::vector<NewRow>> by_shard;
  std::size_t upserted = 0;
};

Grouped group(const RunningIndex& index, const RowsView& rows) {
  Grouped grouped;
  grouped.by_shard.resize(index.shards.size());
  const std::size_t n = rows.ids.size();
  // A small table of hashes finds repeated ids; slots hold row + 1.
  std::size_t size = 16;
  while (size < n * 2) size *= 2;
  std::vector<std::uint32_t> slots(size, 0);
  std::vector<std::uint64_t> hashes(n);
  std::vector<bool> replaced(n, false);
  for (std::size_t i = 0; i < n; ++i) {
    hashes[i] = hash_id(rows.ids[i]);
    std::size_t slot = hashes[i] & (size - 1);
    while (slots[slot] != 0 && rows.ids[slots[slot] - 1] != rows.ids[i])
      slot = (slot + 1) & (size - 1);
    if (slots[slot] != 0) replaced[slots[slot] - 1] = true;
    slots[slot] = static_cast<std::uint32_t>(i + 1);
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (replaced[i]) continue;
    NewRow row;
    row.id = rows.ids[i];
    row.hash = hashes[i];
    row.values = rows.values.subspan(i * rows.dimension, rows.dimension);
    if (!rows.metadata.empty()) row.metadata = rows.metadata[i];
    grouped.by_shard[row.hash % index.shards.size()].push_back(row);
    ++grouped.upserted;
  }
  return grouped;
}

}  // namespace

Result<void> Engine::check_rows(const std::string& id, const RowsView& rows) const {
  MLG_TRY(running, impl_->running(id));
  if (rows.dimension != running->dimension)
    return fail_at(
        "vectors[0].values",
        ErrorCode::kInvalidVector,
        "vectors have {} values, index '{}' has dimension {}",
        rows.dimension,
        id,
        running->dimension
    );
  if (rows.values.size() != rows.ids.size() * rows.dimension ||
      (!rows.metadata.empty() && rows.metadata.size() != rows.ids.size()))
    return fail(
        ErrorCode::kInvalidVector, "{} ids came with {} values", rows.ids.size(), rows.values.size()
    );
  for (std::size_t i = 0; i < rows.ids.size(); ++i) {
    if (rows.ids[i].empty() || rows.ids[i].size() > kVectorIdMax)
      return fail_at(
          fmt::format("vectors[{}].id", i),
          ErrorCode::kInvalidValue,
          "vectors[{}].id has {} bytes, it must have 1 to {}",
          i,
          rows.ids[i].size(),
          kVectorIdMax
      );
    MLG_TRY_VOID(check_values(rows.values.subspan(i * rows.dimension, rows.dimension), i, *running)
    );
    if (!rows.metadata.empty()) {
      MLG_TRY_VOID(check_metadata(rows.metadata[i], i));
    }
  }
  return {};
}

// A readonly shard takes no rows, but lets them go: what is short comes back by deleting.
Result<void> Engine::Impl::check_state(
    const RunningIndex& index, const RunningShard& shard, bool erasing
) const {
  const auto state = shard.state.load();
  if (index.removed) return fail(ErrorCode::kNotFound, "there is no index '{}'", index.id);
  const bool readonly = state == model::ShardState::kReadonly;
  if (readonly && !erasing)
    return tl::unexpected(
        readonly_error(fmt::format("index '{}' takes no vectors", index.id), guard())
    );
  if (!readonly && !model::is_writable(state))
    return fail(
        ErrorCode::kRecovering,
        "shard {} of '{}' is {}",
        shard.data.number(),
        index.id,
        model::name_of(state)
    );
  return {};
}

// The locks are held through the synced write: what is visible is durable, and row numbers rise
// with durability.
Result<std::size_t> Engine::Impl::upsert(
    const std::string& id, const RowsView& rows, bool sync, std::span<const store::Note> notes
) MLG_ATTRIBUTE(no_thread_safety_analysis) {
  MLG_TRY(index, running(id));
  const Grouped grouped = group(*index, rows);
  std::vector<RunningShard*> involved;
  for (std::size_t i = 0; i < grouped.by_shard.size(); ++i)
    if (!grouped.by_shard[i].empty()) involved.push_back(index->shards[i].get());
  {
    const WriterLocks locks(involved);
    const auto batch = vectors_.make_batch();
    for (auto* shard : involved) {
      MLG_TRY_VOID(check_state(*index, *shard, false));
      shard->data.prepare(grouped.by_shard[shard->data.number()], *batch);
    }
    for (const auto& note : notes) batch->put(note);
    MLG_TRY_VOID(vectors_.write(*batch, sync));
    for (auto* shard : involved) shard->data.apply(grouped.by_shard[shard->data.number()]);
  }
  if (!involved.empty()) note_write(*index);
  for (auto* shard : involved) check_threshold(*index, *shard);
  return grouped.upserted;
}

void Engine::Impl::note_write(RunningIndex& index) { index.counts_changed = true; }

Result<std::size_t> Engine::Impl::erase(
    const std::string& id, std::span<const std::string_view> vector_ids
) MLG_ATTRIBUTE(no_thread_safety_analysis) {
  MLG_TRY(index, running(id));
  std::vector<std::vector<std::string_view>> by_shard(index->shards.size());
  for (const auto vector_id : vector_ids)
    by_shard[hash_id(vector_id) % by_shard.size()].push_back(vector_id);
  std::vector<RunningShard*> involved;
  for (std::size_t i = 0; i < by_shard.size(); ++i) {
    auto& ids = by_shard[i];
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (!ids.empty()) involved.push_back(index->shards[i].get());
  }
  std::size_t deleted = 0;
  {
    const WriterLocks locks(involved);
    const auto batch = vectors_.make_batch();
    for (auto* shard : involved) {
      MLG_TRY_VOID(check_state(*index, *shard, true));
      deleted += shard->data.prepare_erase(by_shard[shard->data.number()], *batch);
    }
    if (deleted == 0) return std::size_t{0};
    MLG_TRY_VOID(vectors_.write(*batch, true));
    for (auto* shard : involved) shard->data.apply_erase(by_shard[shard->data.number()]);
  }
  note_write(*index);
  for (auto* shard : involved) check_threshold(*index, *shard);
  return deleted;
}

Result<void> Engine::check_writable(const std::string& id) const {
  MLG_TRY(index, impl_->running(id));
  for (const auto& shard : index->shards) {
    MLG_TRY_VOID(impl_->check_state(*index, *shard, false));
  }
  return {};
}

Result<std::size_t> Engine::upsert(const std::string& id, const RowsView& rows) {
  return impl_->upsert(id, rows, true, {});
}
Result<std::size_t> Engine::upsert_unsynced(
    const std::string& id, const RowsView& rows, std::span<const store::Note> notes
) {
  return impl_->upsert(id, rows, false, notes);
}

Result<void> Engine::sync() {
  const auto nothing = impl_->vectors_.make_batch();
  return impl_->vectors_.write(*nothing, true);
}

Result<void> Engine::between_writes(
    const std::string& id, const std::function<Result<void>()>& look
) const {
  MLG_TRY(index, impl_->running(id));
  std::vector<RunningShard*> all;
  for (const auto& shard : index->shards) all.push_back(shard.get());
  const WriterLocks locks(std::move(all));
  return look();
}

Result<std::size_t> Engine::erase(
    const std::string& id, std::span<const std::string_view> vector_ids
) {
  return impl_->erase(id, vector_ids);
}

Result<std::size_t> Engine::erase_matching(const std::string& id, const Filter& filter) {
  MLG_TRY(index, impl_->running(id));
  std::vector<std::string_view> ids;
  for (const auto& shard : index->shards) {
    const auto matching = shard->data.live_ids(&filter);
    ids.insert(ids.end(), matching.begin(), matching.end());
  }
  return impl_->erase(id, ids);
}

Result<VectorRecord> Engine::fetch(const std::string& id, std::string_view vector_id) const {
  MLG_TRY(index, impl_->running(id));
  const auto hash = hash_id(vector_id);
  RunningShard& shard = index->shard_of(hash);
  // nullopt: its row is not in the store.
  const auto read = [&]() -> Result<std::optional<VectorRecord>> {
    const auto row = shard.data.find(vector_id, hash);
    if (!row)
      return fail(
          ErrorCode::kNotFound, "index '{}' has no vector '{}'", id, model::printable(vector_id)
      );
    auto stored = impl_->vectors_.get(shard.data.key_of(*row));
    if (stored)
      return VectorRecord{
          std::move(stored->id), std::move(stored->values), std::move(stored->metadata)};
    if (stored.error().code == ErrorCode::kNotFound) return std::nullopt;
    return tl::unexpected(stored.error());
  };
  MLG_TRY(found, read());
  if (!found) {
    // A row that is replaced leaves the store before its id names the new one: behind whoever
    // writes the shard both say the same.
    const WriterLocks lock({&shard});
    MLG_TRY(settled, read());
    found = std::move(settled);
  }
  if (found) return std::move(*found);
  return fail(
      ErrorCode::kNotFound, "index '{}' has no vector '{}'", id, model::printable(vector_id)
  );
}

Result<VectorRecord> Engine::any(const std::string& id, std::uint64_t dice) const {
  MLG_TRY(index, impl_->running(id));
  const std::size_t n = index->shards.size();
  for (std::size_t i = 0; i < n; ++i) {
    const auto found = index->shards[(dice + i) % n]->data.any_id(dice / n);
    if (!found.empty()) return fetch(id, found);
  }
  return fail(ErrorCode::kNotFound, "index '{}' holds no vectors", id);
}

Result<ScrollPage> Engine::scroll(const std::string& id, std::string_view after, std::size_t limit)
    const {
  MLG_TRY(index, impl_->running(id));
  if (limit < 1 || limit > kScrollMax)
    return fail_at(
        "limit", ErrorCode::kInvalidValue, "limit is {}, it must be from 1 to {}", limit, kScrollMax
    );
  std::vector<std::string_view> ids;
  for (const auto& shard : index->shards)
    for (const auto each : shard->data.live_ids(nullptr))
      if (each > after) ids.push_back(each);
  const std::size_t shown = std::min(limit, ids.size());
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(shown), ids.end());
  ScrollPage page;
  for (std::size_t i = 0; i < shown; ++i)
    if (auto record = fetch(id, ids[i])) page.vectors.push_back(std::move(*record));
  if (shown < ids.size()) page.next = ids[shown - 1];
  return page;
}

}  // namespace mlgraph::index
