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

std::pair<std::string, std::uint64_t> sample_in(EventKind kind, const Json& message) {
  const auto* data = message.find("data");
  const auto* number = data ? data->find("sample") : nullptr;
  if (!number) return {};
  const char* key = kind == EventKind::kMetricsSystem ? "node" : "index";
  return {channel_of(kind, text_at(*data, key)), number->as_uint().value_or(0)};
}

}  // namespace

void StreamJudge::judge_sample(EventKind kind, const Json& message) {
  const auto [channel, number] = sample_in(kind, message);
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
  const auto section = [&](const char* name, Family family) {
    const auto* list = data.find(name);
    if (!list || !list->as_array())
      return ground_.transcript.violation("{}: a state without {}", name_, name);
    for (const auto& object : *list->as_array())
      if (!assembly_.fold.add(family, object))
        ground_.transcript.violation("{}: a state shows an object of {} twice", name_, name);
  };
  section("indices", Family::kIndex);
  section("jobs", Family::kJob);
  section("alerts", Family::kAlert);
  for (const auto& sample : *data.find("metrics")->as_array()) {
    const auto kind = model::parse_kind(text_at(sample, "type"));
    if (!kind) continue;
    const auto [channel, number] = sample_in(*kind, sample);
    assembly_.samples[channel] = number;
  }
}

void StreamJudge::end_state() {
  const StateDue due = std::move(states_.front());
  states_.pop_front();
  ++states_read_;
  Assembly shown = std::exchange(assembly_, {});
  auto& transcript = ground_.transcript;
  const auto& truth = ground_.history.state_at(due.seq);
  std::size_t expected = 0;
  for (const auto& [key, object] : truth) {
    if (!is_shown(due.shown, due.grants, object->family, object->entity, object->index)) continue;
    ++expected;
    const auto found = shown.fold.objects().find(key);
    if (found == shown.fold.objects().end())
      return transcript.violation("{}: the state at {} lacks {}", name_, due.seq, key);
    if (found->second->text != object->text)
      return transcript.violation(
          "{}: the state at {} shows {}, not {}", name_, due.seq, found->second->text, object->text
      );
  }
  if (shown.fold.objects().size() != expected)
    return transcript.violation("{}: the state at {} shows more than it may", name_, due.seq);
  if (shown.samples.size() != due.samples.size())
    return transcript.violation("{}: the state at {} shows other samples", name_, due.seq);
  for (const auto& [channel, sample] : due.samples) {
    if (shown.samples[channel] != sample.number || sample.number < sampled_[channel])
      return transcript.violation(
          "{}: the state at {} shows sample {} of {}, not {}",
          name_,
          due.seq,
          shown.samples[channel],
          channel,
          sample.number
      );
    shown_[channel] = sample.number;
  }
  if (due.narrowings == narrowings_) following_.begin(due.seq, std::move(shown.fold), due);
}

void StreamJudge::check_newest_samples() {
  for (const auto& [channel, sample] : ground_.samples) {
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
