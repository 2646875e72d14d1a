#include "sim/client_fold.h"

#include <algorithm>

#include "sim/wire_json.h"

namespace mlgraph::sim {
namespace {

using base::Json;

std::string text_of(const Json& tree) {
  std::string text;
  base::JsonWriter(text).value(tree);
  return text;
}

/// The object with `members` in place of its own of the same names.
Json with(const Json& object, const Json::Object& members) {
  Json::Object changed = *object.as_object();
  for (auto& [key, value] : changed)
    for (const auto& [name, other] : members)
      if (key == name) value = other;
  return Json(std::move(changed));
}

Json without(const Json& object, std::initializer_list<std::string_view> names) {
  Json::Object kept;
  for (const auto& [key, value] : *object.as_object())
    if (std::find(names.begin(), names.end(), key) == names.end()) kept.emplace_back(key, value);
  return Json(std::move(kept));
}

std::string id_in(Family family, const Json& object) {
  switch (family) {
    case Family::kIndex:
      return text_at(object, "index_id");
    case Family::kJob:
      return text_at(object, "jobId");
    default:
      return text_at(object, "alertId");
  }
}

}  // namespace

void ClientFold::put(Family family, const Json& object) {
  const auto id = id_in(family, object);
  const auto key = key_of(family, id);
  objects_[key] = std::make_shared<const Object>(Object{
      family, id, family == Family::kIndex ? id : text_at(object, "index"), text_of(object)});
  if (family == Family::kIndex) indices_[key] = object;
}

std::shared_ptr<const Object> ClientFold::add(Family family, const Json& object) {
  const auto key = key_of(family, id_in(family, object));
  if (objects_.contains(key)) return nullptr;
  put(family, object);
  return objects_[key];
}

void ClientFold::apply(EventKind kind, const Json& message) {
  const Json& data = *message.find("data");
  const auto family = model::family_of(kind);
  switch (kind) {
    case EventKind::kAlertRateLimit:
      return;
    case EventKind::kAlertResolved:
    case EventKind::kIndexDeleted:
      objects_.erase(key_of(family, id_in(family, data)));
      return;
    case EventKind::kIndexShardTransition:
      return move_shard(message);
    case EventKind::kIndexCreated:
    case EventKind::kIndexUpdated:
      return put(family, without(data, {"index", "changed"}));
    default:
      return put(family, data);
  }
}

void ClientFold::move_shard(const Json& message) {
  const Json& move = *message.find("data");
  const auto key = key_of(Family::kIndex, text_at(move, "index"));
  if (!objects_.contains(key)) return;
  const Json& index = indices_[key];
  Json::Array shards;
  std::uint64_t vectors = 0;
  for (const Json& shard : *index.find("shards")->as_array()) {
    const bool moved = shard.find("shard")->as_uint() == move.find("shard")->as_uint();
    shards.push_back(
        moved ? with(
                    shard,
                    {{"node", *move.find("node")},
                     {"tier", *move.find("to")->find("tier")},
                     {"state", *move.find("to")->find("state")},
                     {"vectors", *move.find("vectors")},
                     {"since", *message.find("timestamp")}}
                )
              : shard
    );
    vectors += shards.back().find("vectors")->as_uint().value_or(0);
  }
  put(Family::kIndex,
      with(index, {{"vectors", Json(vectors)}, {"shards", Json(std::move(shards))}}));
}

void Following::begin(std::uint64_t seq, ClientFold fold, const StateDue& due) {
  fold_ = std::move(fold);
  seq_ = seq;
  shown_ = due.shown;
  subscribed_ = due.subscribed;
  grants_ = due.grants;
  follows_.clear();
  compare(seq);
}

void Following::on_event(std::uint64_t seq, EventKind kind, const Json& message) {
  // An event that the state holds already, replayed for a pattern that came later.
  if (!fold_ || seq <= seq_) return;
  fold_->apply(kind, message);
  seq_ = seq;
  compare(seq);
}

bool Following::follows(const Object& object) {
  const auto [at, fresh] = follows_.try_emplace(key_of(object.family, object.entity), false);
  if (fresh)
    at->second = is_shown(shown_, grants_, object.family, object.entity, object.index) &&
                 is_followed(subscribed_, grants_, object.family, object.entity, object.index);
  return at->second;
}

void Following::compare(std::uint64_t seq) {
  if (!fold_) return;
  const auto& mine = fold_->objects();
  const auto& truth = history_.state_at(seq);
  auto left = mine.begin();
  auto right = truth.begin();
  for (;;) {
    while (left != mine.end() && !follows(*left->second)) ++left;
    while (right != truth.end() && !follows(*right->second)) ++right;
    if (left == mine.end() && right == truth.end()) return;
    const bool lacks = left == mine.end() || (right != truth.end() && right->first < left->first);
    const bool extra = right == truth.end() || (left != mine.end() && left->first < right->first);
    if (lacks)
      return transcript_.violation("{}: its view at {} lacks {}", name_, seq, right->first);
    if (extra) return transcript_.violation("{}: its view at {} has {}", name_, seq, left->first);
    if (left->second->text != right->second->text)
      return transcript_.violation(
          "{}: its view at {} of {} is {}, not {}",
          name_,
          seq,
          left->first,
          left->second->text,
          right->second->text
      );
    ++left;
    ++right;
  }
}

}  // namespace mlgraph::sim
