// Engine: shards from state to state, and the guards that make them readonly.
#include <algorithm>

#include "base/log.h"
#include "index/engine.h"
#include "index/engine_impl.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;
using model::ShardState;

base::Error readonly_error(std::string_view refused, std::optional<model::Reason> guard) {
  const std::string_view short_of = guard == model::Reason::kMemoryGuard ? "memory" : "disk space";
  return {
      ErrorCode::kReadonly,
      fmt::format(
          "{}: this node is short of {} and read-only until there is more", refused, short_of
      ),
      {},
      {}};
}

Result<void> Engine::Impl::commit_moves(
    RunningIndex& index, std::span<const std::uint32_t> shards, const ShardMove& move
) {
  const auto committed = committer_.commit([&](store::Decision& decision) -> Result<void> {
    log_counts(decision, index);
    for (const auto shard : shards) {
      MLG_TRY_VOID(log_move(decision, index, shard, move));
    }
    return {};
  });
  if (!committed) return tl::unexpected(committed.error());
  return {};
}

Result<void> Engine::Impl::log_move(
    store::Decision& decision, RunningIndex& index, std::uint32_t shard, const ShardMove& move
) {
  const auto record = decision.state().index(index.id);
  if (!record || record->number != index.number)
    return fail(ErrorCode::kNotFound, "index '{}' was deleted", index.id);
  const auto& now = record->object.shards.at(shard);
  const bool from_there = !move.only_from || now.state == *move.only_from;
  if (!from_there && now.state == ShardState::kReadonly)
    return tl::unexpected(
        readonly_error(fmt::format("shard {} of '{}' stays as it is", shard, index.id), guard())
    );
  if (!from_there ||
      (now.state != move.to_state && !model::is_legal_move(now.state, move.to_state)))
    return fail(
        ErrorCode::kConflict,
        "shard {} of '{}' is {}, it cannot become {}",
        shard,
        index.id,
        model::name_of(now.state),
        model::name_of(move.to_state)
    );
  const model::ShardTransition transition{
      index.id,
      shard,
      options_.node,
      now.tier,
      now.state,
      move.to_tier.value_or(now.tier),
      move.to_state,
      move.reason,
      index.shards[shard]->data.live(),
      move.duration_ms.value_or(std::max<std::int64_t>(0, decision.now().ms - now.since.ms)),
      move.job_id};
  std::string data;
  base::JsonWriter out(data);
  model::write(out, transition);
  decision.log(
      {model::EventKind::kIndexShardTransition,
       index.id,
       index.id,
       std::move(data),
       move.private_json}
  );
  return {};
}

// A transition tells how many vectors a shard holds. What else is counted is told before it, so
// that nobody sees vectors without bytes; unless it was told within the last second, and will be
// again. Before the command's moves: it tells the whole object, with the states of that moment.
void Engine::Impl::log_counts(store::Decision& decision, RunningIndex& index) {
  const auto record = decision.state().index(index.id);
  const auto now = clock_.steady_now();
  if (!record || !recovered_ || now - index.counts_published.load() < std::chrono::seconds(1))
    return;
  model::Index object = record->object;
  fill_counts(object, index);
  if (object == record->object) return;
  index.counts_published = now;
  decision.log(
      {model::EventKind::kIndexUpdated,
       index.id,
       index.id,
       index_event_data(object, {"vectors"}),
       {}}
  );
}

void Engine::Impl::on_transition(const model::Entry& entry) {
  const auto data = base::parse_json(model::data_of(entry));
  const auto move = data ? model::parse_shard_transition(*data)
                         : Result<model::ShardTransition>(tl::unexpected(data.error()));
  const auto index = running(entry.entity);
  if (!move || !index || move->shard >= (*index)->shards.size()) return;
  auto& shard = *(*index)->shards[move->shard];
  shard.tier = move->to_tier;
  shard.state = move->to_state;
}

std::optional<model::Reason> Engine::Impl::guard() const {
  base::MutexLock lock(guard_mutex_);
  return guard_;
}

Result<void> Engine::Impl::check_unguarded(std::string_view refused) const {
  if (const auto standing = guard()) return tl::unexpected(readonly_error(refused, standing));
  return {};
}

void Engine::Impl::guard(std::optional<model::Reason> reason) {
  {
    base::MutexLock lock(guard_mutex_);
    guard_ = reason;
  }
  if (!recovered_) return;
  for (const auto& index : all_running()) follow_guard(*index);
}

void Engine::Impl::follow_guard(RunningIndex& index) {
  const auto standing = guard();
  const auto to_move = [&](ShardState state) {
    return standing ? model::is_writable(state) : state == ShardState::kReadonly;
  };
  const auto moves = [&](const auto& shard) { return to_move(shard->state); };
  if (std::none_of(index.shards.begin(), index.shards.end(), moves)) return;
  const ShardMove move{
      .to_state = standing ? ShardState::kReadonly : ShardState::kActive,
      .reason = standing.value_or(model::Reason::kGuardCleared)};
  const auto committed = committer_.commit([&](store::Decision& decision) -> Result<void> {
    const auto record = decision.state().index(index.id);
    if (!record || record->number != index.number) return {};
    log_counts(decision, index);
    for (const auto& shard : record->object.shards) {
      if (!to_move(shard.state)) continue;
      MLG_TRY_VOID(log_move(decision, index, shard.shard, move));
    }
    return {};
  });
  if (!committed) {
    base::log(
        base::LogLevel::kWarn,
        "a guard's moves were not logged yet",
        "index",
        index.id,
        "reason",
        committed.error().message
    );
    return;
  }
  if (!standing)
    for (auto& shard : index.shards) check_threshold(index, *shard);
}

void Engine::guard(std::optional<model::Reason> reason) { impl_->guard(reason); }

}  // namespace mlgraph::index
