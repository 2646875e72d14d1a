// Engine: what the thresholds ask for.
#include <algorithm>

#include "index/engine.h"
#include "index/engine_impl.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;
using model::ShardState;
using model::Tier;

namespace {

constexpr std::uint64_t kDeadMin = 1'000;  ///< fewer dead rows are not worth a job

bool is_flat(const RunningIndex& index) { return index.type == kFlatType; }

/// Beyond idmap the head is what is not indexed: it is sealed anew once it has grown to half of the
/// part.
bool has_grown(const RunningIndex& index, const Shard& shard) {
  return shard.head_rows() >= std::max<std::uint64_t>(index.idmap_to_ivf, shard.part_rows() / 2);
}

bool wants_compaction(const RunningIndex& index, const Shard& shard) {
  const std::uint64_t dead = shard.tombstones();
  return dead >= kDeadMin && dead * 100 >= index.compaction_percent * (shard.live() + dead);
}

/// The shards that are chosen; of those that are resealed together the first.
std::vector<std::uint32_t> together(
    const RunningIndex& index,
    Resealing kind,
    const std::function<bool(const RunningShard&)>& chosen
) {
  std::vector<std::uint32_t> shards;
  bool any_of_all = false;
  for (const auto& shard : index.shards) {
    const bool of_all = kind == Resealing::kMerge || shard->tier == Tier::kMerged;
    if (!chosen(*shard) || (of_all && any_of_all)) continue;
    any_of_all = any_of_all || of_all;
    shards.push_back(shard->data.number());
  }
  return shards;
}

std::string_view done_to(Resealing kind) {
  switch (kind) {
    case Resealing::kTrain:
      return "trained";
    case Resealing::kMigrate:
      return "migrated";
    case Resealing::kMerge:
      return "merged";
    case Resealing::kCompact:
      return "compacted";
  }
  return "resealed";
}

}  // namespace

std::optional<Resealing> Engine::Impl::due(const RunningIndex& index, const RunningShard& shard)
    const {
  if (shard.state != ShardState::kActive) return std::nullopt;
  const std::uint64_t live = shard.data.live();
  const auto compaction =
      wants_compaction(index, shard.data) ? std::optional(Resealing::kCompact) : std::nullopt;
  if (is_flat(index)) return compaction;
  switch (shard.tier.load()) {
    case Tier::kIdmap:
      if (live >= index.idmap_to_ivf) return Resealing::kTrain;
      return compaction;
    case Tier::kIvf:
      if (has_grown(index, shard.data)) return Resealing::kTrain;
      if (live >= index.ivf_to_ondisk) return Resealing::kMigrate;
      return compaction;
    case Tier::kOndisk:
      if (has_grown(index, shard.data)) return Resealing::kTrain;
      // Shards are merged together: the others must have come as far.
      if (live >= index.merge &&
          std::all_of(index.shards.begin(), index.shards.end(), [](const auto& each) {
            return each->state == ShardState::kActive && each->tier >= Tier::kOndisk;
          }))
        return Resealing::kMerge;
      return compaction;
    case Tier::kMerged:
      if (has_grown(index, shard.data)) return Resealing::kMerge;
      return compaction;
  }
  return std::nullopt;
}

std::vector<DueResealing> Engine::Impl::due(const RunningIndex& index) const {
  std::vector<DueResealing> all;
  for (const auto kind :
       {Resealing::kTrain, Resealing::kMigrate, Resealing::kMerge, Resealing::kCompact}) {
    auto shards =
        together(index, kind, [&](const RunningShard& shard) { return due(index, shard) == kind; });
    if (!shards.empty()) all.push_back({kind, std::move(shards)});
  }
  return all;
}

void Engine::Impl::check_threshold(RunningIndex& index, RunningShard& shard) {
  if (!due(index, shard)) return;
  std::function<void(const std::string&, std::uint32_t)> callback;
  {
    base::MutexLock lock(callback_mutex_);
    callback = threshold_callback_;
  }
  if (callback) callback(index.id, shard.data.number());
}

Result<void> Engine::Impl::check_resealing(const RunningIndex& index, Resealing kind) const {
  MLG_TRY_VOID(check_unguarded(fmt::format("index '{}' is not {}", index.id, done_to(kind))));
  if (!is_flat(index) || kind == Resealing::kCompact) return {};
  return fail(
      ErrorCode::kConflict,
      "index '{}' is of type {}: it stays flat and exact, and is never {}",
      index.id,
      kFlatType,
      done_to(kind)
  );
}

Result<std::vector<DueResealing>> Engine::due_resealings(const std::string& id) const {
  MLG_TRY(index, impl_->running(id));
  MLG_TRY_VOID(impl_->check_unguarded(fmt::format("index '{}' is not resealed", id)));
  return impl_->due(*index);
}

Result<DueResealing> Engine::resealing_of(const std::string& id, Resealing kind) const {
  MLG_TRY(index, impl_->running(id));
  MLG_TRY_VOID(impl_->check_resealing(*index, kind));
  auto shards = together(*index, kind, [&](const RunningShard& shard) {
    const bool has_any =
        kind == Resealing::kCompact ? shard.data.tombstones() > 0 : shard.data.live() > 0;
    return has_any && shard.state == ShardState::kActive;
  });
  if (shards.empty())
    return fail(
        ErrorCode::kConflict,
        "index '{}' has no shard to be {}: each is {} or at work already",
        id,
        done_to(kind),
        kind == Resealing::kCompact ? "without deleted rows" : "empty"
    );
  return DueResealing{kind, std::move(shards)};
}

}  // namespace mlgraph::index
