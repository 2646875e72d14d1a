// Engine: a shard's move from flat to ivf.
#include <filesystem>

#include "base/log.h"
#include "base/random.h"
#include "index/engine.h"
#include "index/engine_impl.h"
#include "model/names.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Result<void> check_trainable(const RunningIndex& index) {
  if (index.type != kFlatType) return {};
  return fail(
      ErrorCode::kConflict,
      "index '{}' is of type {}: it stays flat and exact, and is never trained",
      index.id,
      kFlatType
  );
}

}  // namespace

bool Engine::Impl::wants_move(const RunningIndex& index, const RunningShard& shard) const {
  if (index.type == kFlatType || shard.state != model::ShardState::kActive) return false;
  const std::uint64_t threshold = index.idmap_to_ivf;
  if (shard.tier == model::Tier::kIdmap) return shard.data.live() >= threshold;
  // Beyond idmap the head is what is not indexed: it is sealed anew once it has grown to half of
  // the part.
  return shard.data.head_rows() >= std::max<std::uint64_t>(threshold, shard.data.part_rows() / 2);
}

void Engine::Impl::check_threshold(RunningIndex& index, RunningShard& shard) {
  if (!wants_move(index, shard)) return;
  std::function<void(const std::string&, std::uint32_t)> callback;
  {
    base::MutexLock lock(callback_mutex_);
    callback = threshold_callback_;
  }
  if (callback) callback(index.id, shard.data.number());
}

Result<std::vector<std::uint32_t>> Engine::shards_to_train(const std::string& id, bool force)
    const {
  MLG_TRY(index, impl_->running(id));
  MLG_TRY_VOID(impl_->check_unguarded(fmt::format("index '{}' is not trained", id)));
  if (force) {
    MLG_TRY_VOID(check_trainable(*index));
  }
  std::vector<std::uint32_t> shards;
  for (const auto& shard : index->shards)
    if (shard->data.live() > 0 && shard->state == model::ShardState::kActive &&
        (force || impl_->wants_move(*index, *shard)))
      shards.push_back(shard->data.number());
  return shards;
}

namespace {

std::string part_json(const std::string& file, const std::string& checksum, const IvfPart& part) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("file", file);
    out.member("checksum", checksum);
    out.member("rows", part.rows.size());
    out.member("nlist", part.nlist());
    out.member("nprobe", part.probing.lists.front());
  });
  return text;
}

std::string part_file_of(const model::Fold& state, const std::string& index, std::uint32_t shard) {
  const auto record = state.index(index);
  if (!record || !record->parts.contains(shard)) return {};
  const auto json = base::parse_json(record->parts.at(shard));
  const auto* file = json ? json->find("file") : nullptr;
  return file && file->as_string() ? *file->as_string() : std::string();
}

}  // namespace

Result<void> Engine::Impl::train(
    const std::string& id,
    std::uint32_t shard_number,
    model::Reason reason,
    const std::string& job_id,
    const TrainProgress& progress
) {
  MLG_TRY(index, running(id));
  if (shard_number >= index->shards.size())
    return fail(ErrorCode::kNotFound, "index '{}' has no shard {}", id, shard_number);
  MLG_TRY_VOID(check_trainable(*index));
  MLG_TRY_VOID(check_unguarded(fmt::format("index '{}' is not trained", id)));
  RunningShard& shard = *index->shards[shard_number];
  const auto began = clock_.steady_now();
  const auto elapsed_ms = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - began)
        .count();
  };
  MLG_TRY_VOID(commit_move(
      *index,
      shard_number,
      {.to_state = model::ShardState::kTraining,
       .reason = reason,
       .only_from = model::ShardState::kActive,
       .job_id = job_id,
       .duration_ms = 0}
  ));

  // A guard has taken the shard out of training: it is no longer this function's to move.
  const auto taken_away = [&] { return shard.state == model::ShardState::kReadonly; };
  const auto give_up = [&](const base::Error& error) -> Result<void> {
    if (taken_away())
      return tl::unexpected(
          readonly_error(fmt::format("the training of '{}' was given up", id), guard())
      );
    if (!index->removed)
      if (auto back = commit_move(
              *index,
              shard_number,
              {.to_state = model::ShardState::kActive,
               .reason = reason,
               .only_from = model::ShardState::kTraining,
               .job_id = job_id,
               .duration_ms = elapsed_ms()}
          );
          !back && !taken_away())
        base::log(
            base::LogLevel::kWarn,
            "a shard stays in training",
            "index",
            id,
            "shard",
            shard_number,
            "reason",
            back.error().message
        );
    return tl::unexpected(error);
  };

  base::Mutex progress_mutex;  // assigning reports from several threads
  bool go_on = true;
  const auto guarded_progress = [&](std::string_view phase, double fraction) {
    base::MutexLock lock(progress_mutex);
    go_on = go_on && !index->removed && !taken_away() && progress(phase, fraction);
    return go_on;
  };

  TrainingSet set;
  const auto held = shard.data.collect(set);  // keeps the rows' values alive
  if (set.rows.empty())
    return give_up(
        {ErrorCode::kConflict,
         fmt::format("shard {} of '{}' holds no vectors", shard_number, id),
         {},
         {}}
    );
  TrainOptions options;
  options.num_centroids = index->num_centroids;
  options.threads = std::max<std::size_t>(1, options_.train_threads);
  auto part = build_part(set, options, guarded_progress);
  if (!part) return give_up(part.error());
  if (!guarded_progress("writing", 0))
    return give_up({ErrorCode::kCancelled, "the training was cancelled", {}, {}});
  const std::string file =
      fmt::format("{}-{}-{}.part", index->number, shard_number, base::random_name(8));
  const auto checksum = write_part(**part, part_path(file));
  if (!checksum) return give_up(checksum.error());

  // The swap comes before the event: whoever hears of the new tier already searches it.
  const std::string old_file = part_file_of(*committer_.state(), id, shard_number);
  std::shared_ptr<const ShardView> former;
  {
    base::MutexLock lock(shard.data.writer_mutex());
    former = shard.data.swap(*part);
  }
  if (auto moved = commit_move(
          *index,
          shard_number,
          {.to_state = model::ShardState::kActive,
           .reason = reason,
           .to_tier = model::Tier::kIvf,
           .only_from = model::ShardState::kTraining,
           .job_id = job_id,
           .duration_ms = elapsed_ms(),
           .private_json = part_json(file, *checksum, **part)}
      );
      !moved) {
    {
      base::MutexLock lock(shard.data.writer_mutex());
      shard.data.swap_back(std::move(former));
    }
    std::error_code ec;
    std::filesystem::remove(part_path(file), ec);
    return give_up(moved.error());
  }
  if (!old_file.empty()) {
    std::error_code ec;
    std::filesystem::remove(part_path(old_file), ec);
  }
  note_write(*index);
  return {};
}

Result<void> Engine::train(
    const std::string& id,
    std::uint32_t shard,
    model::Reason reason,
    const std::string& job_id,
    const TrainProgress& progress
) {
  return impl_->train(id, shard, reason, job_id, progress);
}

}  // namespace mlgraph::index
