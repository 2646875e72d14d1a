// Engine: from disk to ready.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/log.h"
#include "index/engine.h"
#include "index/engine_impl.h"
#include "index/part_file.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;

std::optional<PartName> part_name(const std::string& private_json) {
  const auto json = base::parse_json(private_json);
  if (!json || !json->find("file") || !json->find("checksum")) return std::nullopt;
  const auto* file = json->find("file")->as_string();
  const auto* checksum = json->find("checksum")->as_string();
  if (!file || !checksum) return std::nullopt;
  return PartName{*file, *checksum};
}

Result<void> Engine::Impl::recover() {
  const auto state = committer_.state();
  {
    base::WriteLock lock(mutex_);
    for (const auto& [id, record] : state->indices()) {
      auto index = std::make_shared<RunningIndex>(id, record->number, record->object);
      for (std::size_t i = 0; i < index->shards.size(); ++i) {
        index->shards[i]->tier = record->object.shards[i].tier;
        index->shards[i]->state = model::ShardState::kRecovering;
      }
      indices_[id] = std::move(index);
    }
  }
  for (const auto& index : all_running()) {
    const auto record = state->index(index->id);
    if (record) {
      MLG_TRY_VOID(recover_index(*index, *record));
    }
  }
  remove_orphans();
  recovered_ = true;
  for (const auto& index : all_running()) {
    follow_guard(*index);
    for (auto& shard : index->shards) check_threshold(*index, *shard);
  }
  return {};
}

Result<void> Engine::Impl::recover_index(RunningIndex& index, const model::IndexRecord& record) {
  const auto began = clock_.steady_now();
  for (auto& shard : index.shards) {
    // A shard that was recovering when the last start ended goes on from there.
    if (record.object.shards[shard->data.number()].state == model::ShardState::kRecovering)
      continue;
    MLG_TRY_VOID(commit_move(
        index,
        shard->data.number(),
        {.to_state = model::ShardState::kRecovering,
         .reason = model::Reason::kRestart,
         .duration_ms = 0}
    ));
  }
  std::map<std::string, std::shared_ptr<const SealedPart>> read;  // merged shards have one
  for (std::size_t i = 0; i < index.shards.size(); ++i) {
    auto& shard = index.shards[i];
    std::shared_ptr<const SealedPart> part;
    model::Tier tier = shard->tier;
    model::Reason reason = model::Reason::kRestart;
    if (tier != model::Tier::kIdmap) {
      const auto found = record.parts.find(static_cast<std::uint32_t>(i));
      const auto name = found == record.parts.end() ? std::nullopt : part_name(found->second);
      auto loaded =
          name && read.contains(name->file)
              ? Result<std::shared_ptr<const SealedPart>>(read[name->file])
          : name ? read_part(part_path(name->file), name->checksum, values_on_disk(index, tier))
                 : Result<std::shared_ptr<const SealedPart>>(
                       fail(ErrorCode::kCorrupt, "the log names no part file")
                   );
      if (loaded && ((*loaded)->dim != index.dimension || (*loaded)->metric != index.metric ||
                     std::find((*loaded)->shards.begin(), (*loaded)->shards.end(), i) ==
                         (*loaded)->shards.end()))
        loaded = fail(ErrorCode::kCorrupt, "{} is of another index", name->file);
      if (loaded) part = read[name->file] = std::move(*loaded);
      if (!part) {
        base::log(
            base::LogLevel::kWarn,
            "a sealed part is rebuilt",
            "index",
            index.id,
            "shard",
            i,
            "reason",
            loaded.error().message
        );
        tier = model::Tier::kIdmap;
        reason = model::Reason::kLoadFailed;
      }
    }
    auto loaded = shard->data.load(vectors_, part);
    if (!loaded && part) {
      // The part lacks rows that the store has: the store is the truth, the part is made anew.
      base::log(
          base::LogLevel::kWarn,
          "a sealed part is rebuilt",
          "index",
          index.id,
          "shard",
          i,
          "reason",
          loaded.error().message
      );
      shard = std::make_unique<RunningShard>(
          index.number, static_cast<std::uint32_t>(i), record.object
      );
      shard->state = model::ShardState::kRecovering;
      tier = model::Tier::kIdmap;
      reason = model::Reason::kLoadFailed;
      loaded = shard->data.load(vectors_, nullptr);
    }
    if (!loaded) return loaded;
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - began).count();
    // A guard that stood at the stop stands until its values are measured again.
    const auto standing = guard();
    if (standing && reason == model::Reason::kRestart) reason = *standing;
    MLG_TRY_VOID(commit_move(
        index,
        static_cast<std::uint32_t>(i),
        {.to_state = standing ? model::ShardState::kReadonly : model::ShardState::kActive,
         .reason = reason,
         .to_tier = tier,
         .duration_ms = took}
    ));
  }
  note_write(index);
  return {};
}

void Engine::Impl::remove_orphans() {
  const auto state = committer_.state();
  std::set<std::string> wanted;
  std::set<std::uint32_t> numbers;
  for (const auto& [id, record] : state->indices()) {
    numbers.insert(record->number);
    for (const auto& [shard, part] : record->parts)
      if (const auto name = part_name(part)) wanted.insert(name->file);
  }
  std::error_code ec;
  for (const auto& file : std::filesystem::directory_iterator(options_.data_dir + "/parts", ec))
    if (!wanted.contains(file.path().filename().string())) std::filesystem::remove(file.path(), ec);
  // Rows of an index whose deletion was logged but cut before its rows were dropped.
  for (std::uint32_t number = 1; number < state->next_index_number(); ++number) {
    if (numbers.contains(number)) continue;
    bool any = false;
    for (std::uint32_t shard = 0; shard < kShardsMax && !any; ++shard)
      static_cast<void>(vectors_
                            .scan(number, shard, 0, [&any](std::uint64_t, const store::RowView&) {
                              any = true;
                              return false;
                            }));
    if (any) static_cast<void>(vectors_.drop_index(number));
  }
}

Result<void> Engine::recover() { return impl_->recover(); }

}  // namespace mlgraph::index
