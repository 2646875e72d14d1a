#include "sim/history.h"

#include <algorithm>

#include "base/json.h"

namespace mlgraph::sim {
namespace {

template <typename T>
std::shared_ptr<const Object> object_of(
    Family family, const std::string& entity, const std::string& index, const T& value
) {
  std::string json;
  base::JsonWriter out(json);
  model::write(out, value);
  return std::make_shared<const Object>(Object{family, entity, index, canonical(json)});
}

std::shared_ptr<const Object> find_object(
    const model::Fold& fold, Family family, const std::string& entity
) {
  switch (family) {
    case Family::kIndex:
      if (const auto record = fold.index(entity))
        return object_of(family, entity, entity, record->object);
      return nullptr;
    case Family::kJob:
      if (const auto job = fold.job(entity)) return object_of(family, entity, job->index, *job);
      return nullptr;
    case Family::kAlert:
      if (const auto alert = fold.alert(entity))
        return object_of(family, entity, alert->index, *alert);
      return nullptr;
    case Family::kMetrics:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

std::string key_of(Family family, std::string_view entity) {
  return std::string(model::family_name(family)).append("/").append(entity);
}

std::string canonical(std::string_view json) {
  std::string text;
  base::JsonWriter(text).value(base::parse_json(json).value());
  return text;
}

void History::record(Entries entries) {
  for (const auto& entry : entries) {
    if (entry->seq != size() + 1) {
      transcript_.violation(
          "the log was given event {} when {} were acknowledged", entry->seq, size()
      );
      return;
    }
    if (size() > 0 && entry->timestamp < at(size()).timestamp)
      transcript_.violation("the timestamp of event {} fell", entry->seq);
    entries_.push_back(entry);
    fold(*entry);
  }
}

void History::fold(const model::Entry& entry) {
  if (auto applied = fold_.apply(entry); !applied)
    transcript_.violation("event {} does not apply: {}", entry.seq, applied.error().message);
  fold_.take_changes([](const std::string&, const std::string&) {});
  Objects state = states_.back();
  const auto family = model::family_of(entry.kind);
  const auto key = key_of(family, entry.entity);
  if (auto object = find_object(fold_, family, entry.entity))
    state[key] = std::move(object);
  else
    state.erase(key);
  std::size_t bytes = 0;
  for (const auto& [name, object] : state) bytes += object->text.size() + 1;
  states_.push_back(std::move(state));
  largest_state_ = std::max(largest_state_, bytes);
  largest_event_ = std::max(largest_event_, entry.public_json.size());
}

Objects objects_of(const model::Fold& fold) {
  Objects all;
  const auto add = [&](Family family, const auto& map) {
    for (const auto& item : map)
      all[key_of(family, item.first)] = find_object(fold, family, item.first);
  };
  add(Family::kIndex, fold.indices());
  add(Family::kJob, fold.jobs());
  add(Family::kAlert, fold.alerts());
  return all;
}

}  // namespace mlgraph::sim
