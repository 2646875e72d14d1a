// Engine: making, changing, listing and removing indices.
#include "index/engine.h"

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "index/engine_impl.h"
#include "index/index_spec.h"
#include "model/names.h"

namespace mlgraph::index {

using base::ErrorCode;
using base::fail;
using base::Result;

std::string index_event_data(const model::Index& object, const std::vector<std::string>& changed) {
  std::string data;
  base::JsonWriter out(data);
  out.object([&] {
    model::write_members(out, object);
    out.member("index", object.index_id);
    if (changed.empty()) return;
    out.key("changed");
    out.array([&] {
      for (const auto& name : changed) out.value(name);
    });
  });
  return data;
}

void fill_counts(model::Index& object, const RunningIndex& index) {
  object.vectors = object.deleted = object.bytes = 0;
  for (std::size_t i = 0; i < object.shards.size() && i < index.shards.size(); ++i) {
    const Shard& shard = index.shards[i]->data;
    object.shards[i].vectors = shard.live();
    object.shards[i].bytes = shard.bytes();
    object.vectors += object.shards[i].vectors;
    object.bytes += object.shards[i].bytes;
    object.deleted += shard.tombstones();
  }
}

Engine::Impl::Impl(
    store::VectorStore& vectors,
    store::Committer& committer,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    Options options
)
    : vectors_(vectors),
      committer_(committer),
      metrics_(metrics),
      clock_(clock),
      options_(std::move(options)) {
  std::filesystem::create_directories(options_.data_dir + "/parts");
  // First of the sinks: whoever hears of an index can use it, whoever hears of its end cannot.
  committer_.add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
    on_entries(entries);
  });
}

void Engine::Impl::on_entries(std::span<const std::shared_ptr<const model::Entry>> entries) {
  for (const auto& entry : entries) {
    if (model::family_of(entry->kind) != model::Family::kIndex) continue;
    if (entry->kind == model::EventKind::kIndexShardTransition) {
      on_transition(*entry);
      continue;
    }
    const auto record = committer_.state()->index(entry->entity);
    base::WriteLock lock(mutex_);
    const auto it = indices_.find(entry->entity);
    if (entry->kind == model::EventKind::kIndexDeleted) {
      if (it == indices_.end()) continue;
      it->second->removed = true;
      indices_.erase(it);
    } else if (it != indices_.end()) {
      if (record) it->second->follow(record->object);
    } else if (record && entry->kind == model::EventKind::kIndexCreated) {
      indices_[entry->entity] =
          std::make_shared<RunningIndex>(entry->entity, record->number, record->object);
    }
  }
}

Result<std::shared_ptr<RunningIndex>> Engine::Impl::running(const std::string& id) const {
  base::ReadLock lock(mutex_);
  const auto it = indices_.find(id);
  if (it == indices_.end())
    return fail(ErrorCode::kNotFound, "there is no index '{}'", model::printable(id));
  return it->second;
}

std::vector<std::shared_ptr<RunningIndex>> Engine::Impl::all_running() const {
  base::ReadLock lock(mutex_);
  std::vector<std::shared_ptr<RunningIndex>> all;
  for (const auto& [id, index] : indices_) all.push_back(index);
  return all;
}

Engine::Engine(
    store::VectorStore& vectors,
    store::Committer& committer,
    metrics::ServerMetrics& metrics,
    const base::Clock& clock,
    Options options
)
    : impl_(std::make_unique<Impl>(vectors, committer, metrics, clock, std::move(options))) {}
Engine::~Engine() = default;

void Engine::on_threshold(std::function<void(const std::string&, std::uint32_t)> callback) {
  base::MutexLock lock(impl_->callback_mutex_);
  impl_->threshold_callback_ = std::move(callback);
}

void Engine::stop() { on_threshold(nullptr); }

namespace {

/// `object` becomes what is logged.
Result<void> log_creation(store::Decision& decision, model::Index& object) {
  if (decision.state().index(object.index_id))
    return fail(ErrorCode::kConflict, "index '{}' exists already", object.index_id);
  object.created_at = decision.now();
  for (auto& shard : object.shards) shard.since = decision.now();
  decision.log(
      {model::EventKind::kIndexCreated,
       object.index_id,
       object.index_id,
       index_event_data(object, {}),
       {}}
  );
  return {};
}

}  // namespace

Result<store::Command> Engine::creation(const base::Json& spec) const {
  MLG_TRY(object, parse_index_spec(spec, impl_->options_.node));
  MLG_TRY_VOID(impl_->check_unguarded(fmt::format("index '{}' is not made", object.index_id)));
  return [object = std::move(object)](store::Decision& decision) mutable {
    return log_creation(decision, object);
  };
}

Result<model::Index> Engine::create(const base::Json& spec) {
  MLG_TRY(object, parse_index_spec(spec, impl_->options_.node));
  MLG_TRY_VOID(impl_->check_unguarded(fmt::format("index '{}' is not made", object.index_id)));
  const auto committed = impl_->committer_.commit([&object](store::Decision& decision) {
    return log_creation(decision, object);
  });
  if (!committed) return tl::unexpected(committed.error());
  return object;
}

Result<model::Index> Engine::patch(const std::string& id, const base::Json& changes) {
  MLG_TRY(running, impl_->running(id));
  model::Index after;
  const auto committed = impl_->committer_.commit([&](store::Decision& decision) -> Result<void> {
    const auto record = decision.state().index(id);
    if (!record) return fail(ErrorCode::kNotFound, "there is no index '{}'", id);
    MLG_TRY(patched, apply_patch(record->object, changes));
    after = patched.object;
    if (patched.changed.empty()) return {};
    fill_counts(after, *running);
    decision.log(
        {model::EventKind::kIndexUpdated, id, id, index_event_data(after, patched.changed), {}}
    );
    return {};
  });
  if (!committed) return tl::unexpected(committed.error());
  for (auto& shard : running->shards) impl_->check_threshold(*running, *shard);
  return after;
}

Result<void> Engine::remove(const std::string& id) {
  MLG_TRY(running, impl_->running(id));
  std::vector<std::string> files;
  const auto committed = impl_->committer_.commit([&](store::Decision& decision) -> Result<void> {
    const auto record = decision.state().index(id);
    if (!record) return fail(ErrorCode::kNotFound, "there is no index '{}'", id);
    for (const auto& [shard, part] : record->parts)
      if (const auto json = base::parse_json(part);
          json && json->find("file") && json->find("file")->as_string())
        files.push_back(*json->find("file")->as_string());
    model::Index object = record->object;
    fill_counts(object, *running);
    decision.log({model::EventKind::kIndexDeleted, id, id, index_event_data(object, {}), {}});
    return {};
  });
  if (!committed) return tl::unexpected(committed.error());
  // Writers that were under way hold a shard's mutex; those that come later see `removed`.
  for (auto& shard : running->shards) base::MutexLock wait(shard->data.writer_mutex());
  for (const auto& file : files) {
    std::error_code ec;
    std::filesystem::remove(impl_->part_path(file), ec);
  }
  impl_->metrics_.remove(id);
  // The index is gone for everyone; rows that could not be dropped now are dropped at the next
  // start.
  if (auto dropped = impl_->vectors_.drop_index(running->number); !dropped)
    base::log(
        base::LogLevel::kWarn,
        "rows of a deleted index stay until the next start",
        "index",
        id,
        "reason",
        dropped.error().message
    );
  return {};
}

Result<model::Index> Engine::get(const std::string& id) const {
  const auto record = impl_->committer_.state()->index(id);
  if (!record) return fail(ErrorCode::kNotFound, "there is no index '{}'", model::printable(id));
  return record->object;
}

std::vector<model::Index> Engine::list() const {
  std::vector<model::Index> all;
  const auto state = impl_->committer_.state();  // holds what the loop looks at
  for (const auto& [id, record] : state->indices()) all.push_back(record->object);
  return all;
}

Result<std::uint32_t> Engine::dimension(const std::string& id) const {
  MLG_TRY(running, impl_->running(id));
  return running->dimension;
}

Result<IndexStats> Engine::stats(const std::string& id) const {
  MLG_TRY(running, impl_->running(id));
  IndexStats stats;
  stats.index = id;
  for (const auto& shard : running->shards) {
    ShardStats each;
    each.shard = shard->data.number();
    each.tier = shard->tier;
    each.state = shard->state;
    each.vectors = shard->data.live();
    each.deleted = shard->data.tombstones();
    each.bytes = shard->data.bytes();
    each.head_vectors = shard->data.head_rows();
    stats.vectors += each.vectors;
    stats.deleted += each.deleted;
    stats.bytes += each.bytes;
    stats.shards.push_back(each);
  }
  return stats;
}

void Engine::publish_counts() {
  const auto now = impl_->clock_.steady_now();
  for (const auto& running : impl_->all_running()) {
    if (now - running->counts_published.load() < std::chrono::seconds(1) ||
        !running->counts_changed.exchange(false))
      continue;
    running->counts_published = now;
    impl_->committer_.submit(
        [running](store::Decision& decision) -> Result<void> {
          const auto record = decision.state().index(running->id);
          if (!record || record->number != running->number) return {};
          model::Index object = record->object;
          fill_counts(object, *running);
          if (object == record->object) return {};
          decision.log(
              {model::EventKind::kIndexUpdated,
               running->id,
               running->id,
               index_event_data(object, {"vectors"}),
               {}}
          );
          return {};
        },
        [running](const Result<std::uint64_t>& outcome) {
          if (!outcome) running->counts_changed = true;  // told again by the next call
        }
    );
  }
}

}  // namespace mlgraph::index
