// States, whole and exact, and samples, never going back.
#include <algorithm>

#include "sim/stream_judge.h"
#include "sim/wire_json.h"

namespace mlgraph::sim {
namespace {

using base::Json;

/// "metrics.search/docs"
std::string channel_of(EventKind kind, std::string_view entity) {
  return std::string(model::type_name(kind)).append("/").append(entity);
}

/// The channel and number of a sample's data.
std::pair<std::string, std::uint64_t> sample_in(EventKind kind, const Json& data) {
  const auto* number = data.find("sample");
  if (!number) return {};
  const char* key = kind == EventKind::kMetricsSystem ? "node" : "index";
  return {channel_of(kind, text_at(data, key)), number->as_uint().value_or(0)};
}

}  // namespace

void StreamJudge::judge_sample(EventKind kind, const Json& message) {
  const auto [channel, number] = sample_in(kind, *message.find("data"));
  const std::string entity = channel.substr(channel.find('/') + 1);
  auto& transcript = ground_.transcript;
  if (number == 0) return transcript.violation("{}: a sample that nobody published", name_);
  const std::string index = kind == EventKind::kMetricsSystem ? std::string() : entity;
  const bool heard = std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& item) {
    return covers(item.first, kind, entity);
  });
  if (!heard || !versions_.back().grants.sees(kind, entity, index))
    return transcript.violation("{}: {} is outside its patterns or scopes", name_, channel);
  auto& newest = sampled_[channel];
  if (number <= newest || number < shown_[channel])
    return transcript.violation(
        "{}: sample {} of {} came after {}",
        name_,
        number,
        channel,
        std::max(newest, shown_[channel])
    );
  newest = number;
}

void StreamJudge::judge_state(const Json& message) {
  auto& transcript = ground_.transcript;
  if (states_.empty()) return transcript.violation("{}: a state that was not asked for", name_);
  const StateDue& due = states_.front();
  if (text_at(message, "id") != ground_.id_of(due.seq) || ref_of(message) != due.ref)
    return transcript.violation(
        "{}: a state at {} for ref {}, due was {} for {}",
        name_,
        text_at(message, "id"),
        ref_of(message),
        due.seq,
        due.ref
    );
  check_passed(due.seq, "the state at " + std::to_string(due.seq));
  last_ = std::max(last_, due.seq);
  const auto* data = message.find("data");
  const auto* part = data ? data->find("part") : nullptr;
  const auto* last = data ? data->find("last") : nullptr;
  if (!part || !last || !last->as_bool() || part->as_uint() != assembly_.parts)
    return transcript.violation("{}: part {} of a state is missing", name_, assembly_.parts);
  if (assembly_.parts > 0) ground_.transcript.note("{} hears another part", name_);
  ++assembly_.parts;
  take_part(*data);
  if (*last->as_bool() && !transcript.broken()) end_state();
}

void StreamJudge::take_part(const Json& data) {
  const StateDue& due = states_.front();
  const Grants& grants = versions_.back().grants;
  assembly_.grants.push_back(grants);
  const auto section = [&](const char* name, Family family) {
    const auto* list = data.find(name);
    if (!list || !list->as_array())
      return ground_.transcript.violation("{}: a state without {}", name_, name);
    for (const auto& json : *list->as_array()) {
      const auto object = assembly_.fold.add(family, json);
      if (!object)
        ground_.transcript.violation("{}: a state shows an object of {} twice", name_, name);
      else if (!is_shown(due.shown, grants, family, object->entity, object->index))
        ground_.transcript.violation("{}: a state shows {}", name_, object->entity);
    }
  };
  section("indices", Family::kIndex);
  section("jobs", Family::kJob);
  section("alerts", Family::kAlert);
  for (const auto& sample : *data.find("metrics")->as_array()) {
    const auto kind = model::parse_kind(text_at(sample, "type"));
    if (!kind) return ground_.transcript.violation("{}: a state with a sample of no type", name_);
    const auto [channel, number] = sample_in(*kind, sample);
    assembly_.samples[channel] = number;
  }
}

/// The session's scopes may have changed between its parts: then what only some of them see may be
/// in it or not.
void StreamJudge::end_state() {
  const StateDue due = std::move(states_.front());
  states_.pop_front();
  ++states_read_;
  Assembly shown = std::exchange(assembly_, {});
  check_objects(due, shown);
  check_samples(due, shown);
  if (due.narrowings == narrowings_) following_.begin(due.seq, std::move(shown.fold), due);
}

void StreamJudge::check_objects(const StateDue& due, const Assembly& shown) {
  auto& transcript = ground_.transcript;
  const auto& truth = ground_.history.state_at(due.seq);
  for (const auto& [key, object] : shown.fold.objects()) {
    const auto found = truth.find(key);
    if (found == truth.end())
      return transcript.violation("{}: the state at {} shows {}", name_, due.seq, key);
    if (found->second->text != object->text)
      return transcript.violation(
          "{}: the state at {} shows {}, not {}", name_, due.seq, object->text, found->second->text
      );
  }
  for (const auto& [key, object] : truth) {
    const auto& one = *object;
    const bool due_here =
        std::all_of(shown.grants.begin(), shown.grants.end(), [&](const Grants& grants) {
          return is_shown(due.shown, grants, one.family, one.entity, one.index);
        });
    if (due_here && !shown.fold.objects().contains(key))
      return transcript.violation("{}: the state at {} lacks {}", name_, due.seq, key);
  }
}

void StreamJudge::check_samples(const StateDue& due, const Assembly& shown) {
  auto& transcript = ground_.transcript;
  for (const auto& [channel, number] : shown.samples) {
    const auto found = due.samples.find(channel);
    if (found == due.samples.end() || found->second.number != number || number < sampled_[channel])
      return transcript.violation(
          "{}: the state at {} shows sample {} of {}", name_, due.seq, number, channel
      );
    shown_[channel] = number;
  }
  for (const auto& [channel, sample] : due.samples) {
    const auto& one = sample;
    const bool due_here =
        std::all_of(shown.grants.begin(), shown.grants.end(), [&](const Grants& grants) {
          return grants.sees(one.kind, one.entity, one.index());
        });
    if (due_here && !shown.samples.contains(channel))
      return transcript.violation("{}: the state at {} lacks {}", name_, due.seq, channel);
  }
}

void StreamJudge::check_newest_samples() {
  for (const auto& newest : ground_.samples) {
    const auto& channel = newest.first;
    const auto& sample = newest.second;
    const auto& version = versions_.back();
    const bool due = version.sampled < sample.number &&
                     version.grants.sees(sample.kind, sample.entity, sample.index()) &&
                     std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& item) {
                       return item.second.sampled < sample.number &&
                              covers(item.first, sample.kind, sample.entity);
                     });
    if (due && sampled_[channel] != sample.number)
      ground_.transcript.violation(
          "{}: the newest sample of {} is {}, it has {}",
          name_,
          channel,
          sample.number,
          sampled_[channel]
      );
  }
}

}  // namespace mlgraph::sim
