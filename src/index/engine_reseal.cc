// Engine: rows arranged anew, and the shards' way there and back.
#include <filesystem>
#include <set>

#include "base/log.h"
#include "base/random.h"
#include "index/engine.h"
#include "index/engine_impl.h"
#include "index/part_builder.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;
using model::ShardState;
using model::Tier;

namespace {

std::string part_json(const std::string& file, const BuiltPart& built) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("file", file);
    out.member("checksum", built.checksum);
    out.member("rows", built.part->size());
    out.member("effort", built.part->probing.effort.front());
  });
  return text;
}

/// One resealing, from its first event to its last.
class Resealer {
 public:
  Resealer(
      Engine::Impl& engine,
      RunningIndex& index,
      Resealing kind,
      model::Reason reason,
      const std::string& job_id,
      const ResealProgress& progress
  )
      : engine_(engine),
        index_(index),
        kind_(kind),
        reason_(reason),
        job_id_(job_id),
        progress_(progress),
        began_(engine.clock_.steady_now()) {}

  Result<void> run(std::uint32_t shard) {
    choose_shards(shard);
    MLG_TRY_VOID(engine_.commit_moves(
        index_,
        shards_,
        {.to_state = through(),
         .reason = reason_,
         .only_from = ShardState::kActive,
         .job_id = job_id_,
         .duration_ms = 0}
    ));
    auto done = kind_ == Resealing::kCompact && to_tier_ == Tier::kIdmap ? compact() : reseal();
    if (!done) return give_up(done.error());
    engine_.note_write(index_);
    return {};
  }

 private:
  void choose_shards(std::uint32_t shard) {
    const Tier tier = index_.shards[shard]->tier;
    shards_ = {shard};
    if (kind_ == Resealing::kMerge || tier == Tier::kMerged) {
      shards_.clear();
      for (const auto& each : index_.shards) shards_.push_back(each->data.number());
    }
    to_tier_ = tier;
    if (kind_ == Resealing::kTrain && tier == Tier::kIdmap) to_tier_ = Tier::kIvf;
    if (kind_ == Resealing::kMigrate) to_tier_ = Tier::kOndisk;
    if (kind_ == Resealing::kMerge) to_tier_ = Tier::kMerged;
  }
  [[nodiscard]] ShardState through() const {
    return kind_ == Resealing::kTrain ? ShardState::kTraining : ShardState::kMigrating;
  }
  [[nodiscard]] std::int64_t elapsed_ms() const {
    const auto elapsed = engine_.clock_.steady_now() - began_;
    return std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  }
  [[nodiscard]] std::vector<RunningShard*> running() const {
    std::vector<RunningShard*> all;
    for (const auto shard : shards_) all.push_back(index_.shards[shard].get());
    return all;
  }

  // A guard has taken a shard out of its move: it is no longer this one's to bring back.
  [[nodiscard]] bool taken_away() const {
    for (const auto* shard : running())
      if (shard->state == ShardState::kReadonly) return true;
    return false;
  }
  /// Reports come from several threads.
  bool go_on(std::string_view phase, double fraction) {
    base::MutexLock lock(progress_mutex_);
    go_on_ = go_on_ && !index_.removed && !taken_away() && progress_(phase, fraction);
    return go_on_;
  }

  Result<void> give_up(const base::Error& error) {
    const bool taken = taken_away();
    std::vector<std::uint32_t> ours;
    for (const auto* shard : running())
      if (shard->state == through()) ours.push_back(shard->data.number());
    if (!index_.removed && !ours.empty())
      if (auto back = engine_.commit_moves(
              index_,
              ours,
              {.to_state = ShardState::kActive,
               .reason = reason_,
               .only_from = through(),
               .job_id = job_id_,
               .duration_ms = elapsed_ms()}
          );
          !back && !taken_away())
        base::log(
            base::LogLevel::kWarn,
            "a shard stays as it was on its way",
            "index",
            index_.id,
            "reason",
            back.error().message
        );
    if (taken)
      return tl::unexpected(readonly_error(
          fmt::format("the resealing of '{}' was given up", index_.id), engine_.guard()
      ));
    return tl::unexpected(error);
  }

  Result<void> compact() {
    for (auto* shard : running()) {
      MLG_TRY_VOID(engine_.compact_flat(
          index_,
          *shard,
          [this](std::string_view phase, double fraction) { return go_on(phase, fraction); }
      ));
    }
    return commit_end({});
  }

  [[nodiscard]] BuildOptions options() const {
    BuildOptions options;
    options.num_centroids = index_.num_centroids;
    options.threads = std::max<std::size_t>(1, engine_.options_.train_threads);
    options.kind = index_.type == kGraphType ? SealedPart::Kind::kGraph : SealedPart::Kind::kIvf;
    options.width =
        index_.quantization == kFloat16 ? PartValues::Width::kHalf : PartValues::Width::kFloat;
    options.values_on_disk = values_on_disk(index_, to_tier_);
    // What only goes elsewhere, or loses its dead, keeps its lists.
    if (kind_ == Resealing::kMigrate || kind_ == Resealing::kCompact)
      options.like = std::dynamic_pointer_cast<const IvfPart>(running().front()->data.part());
    if (options.kind == SealedPart::Kind::kGraph) options.like = nullptr;
    return options;
  }

  Result<void> reseal() {
    TrainingSet set;
    for (const auto* shard : running()) shard->data.collect(set);
    if (set.rows.empty())
      return fail(ErrorCode::kConflict, "index '{}' holds no vectors there", index_.id);
    const std::string file =
        fmt::format("{}-{}-{}.part", index_.number, shards_.front(), base::random_name(8));
    MLG_TRY(
        built,
        build_part(
            set,
            options(),
            engine_.part_path(file),
            [this](std::string_view phase, double fraction) { return go_on(phase, fraction); }
        )
    );
    set = {};
    return swap_in(built, file);
  }

  // The swap comes before the event: whoever hears of the new tier already searches it.
  Result<void> swap_in(const BuiltPart& built, const std::string& file) {
    const auto old_files = files_in_use();
    std::vector<std::shared_ptr<const ShardView>> former;
    {
      const WriterLocks locks(running());
      for (auto* shard : running()) former.push_back(swap(*shard, built.part));
    }
    if (auto moved = commit_end(part_json(file, built)); !moved) {
      {
        const WriterLocks locks(running());
        for (std::size_t i = 0; i < former.size(); ++i)
          swap_back(*running()[i], std::move(former[i]));
      }
      engine_.remove_part(file);
      return moved;
    }
    for (auto* shard : running()) shard->data.forget_dead();
    const auto still = files_in_use();
    for (const auto& old : old_files)
      if (!still.contains(old)) engine_.remove_part(old);
    return {};
  }

  static std::shared_ptr<const ShardView> swap(
      RunningShard& shard, const std::shared_ptr<const SealedPart>& part
  ) MLG_ATTRIBUTE(no_thread_safety_analysis) {
    return shard.data.swap(part);
  }
  static void swap_back(RunningShard& shard, std::shared_ptr<const ShardView> former)
      MLG_ATTRIBUTE(no_thread_safety_analysis) {
    shard.data.swap_back(std::move(former));
  }

  Result<void> commit_end(std::string private_json) {
    return engine_.commit_moves(
        index_,
        shards_,
        {.to_state = ShardState::kActive,
         .reason = reason_,
         .to_tier = to_tier_,
         .only_from = through(),
         .job_id = job_id_,
         .duration_ms = elapsed_ms(),
         .private_json = std::move(private_json)}
    );
  }

  /// The files that the log names for this index.
  [[nodiscard]] std::set<std::string> files_in_use() const {
    std::set<std::string> files;
    const auto state = engine_.committer_.state();
    if (const auto record = state->index(index_.id))
      for (const auto& [shard, part] : record->parts)
        if (const auto name = part_name(part)) files.insert(name->file);
    return files;
  }

  Engine::Impl& engine_;
  RunningIndex& index_;
  const Resealing kind_;
  const model::Reason reason_;
  const std::string& job_id_;
  const ResealProgress& progress_;
  const base::SteadyTime began_;
  std::vector<std::uint32_t> shards_;
  Tier to_tier_ = Tier::kIvf;
  base::Mutex progress_mutex_;
  bool go_on_ = true;
};

}  // namespace

void Engine::Impl::remove_part(const std::string& file) const {
  std::error_code ec;
  std::filesystem::remove(part_path(file), ec);
}

Result<void> Engine::reseal(
    const std::string& id,
    Resealing kind,
    std::uint32_t shard,
    model::Reason reason,
    const std::string& job_id,
    const ResealProgress& progress
) {
  MLG_TRY(index, impl_->running(id));
  if (shard >= index->shards.size())
    return fail(ErrorCode::kNotFound, "index '{}' has no shard {}", id, shard);
  MLG_TRY_VOID(impl_->check_resealing(*index, kind));
  return Resealer(*impl_, *index, kind, reason, job_id, progress).run(shard);
}

}  // namespace mlgraph::index
