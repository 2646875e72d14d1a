#include "gateway/session/state_snapshot.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "model/cursor.h"

namespace mlgraph::gateway {
namespace {

constexpr std::size_t kPartBytes = 64 * 1024;
constexpr std::size_t kPartRoom = 1'024;  // for the message around the objects
constexpr std::array<const char*, 4> kSections = {"indices", "jobs", "alerts", "metrics"};

/// Whether any kind of the family about this entity is asked for and allowed.
bool shows(
    const StateView& view, model::Family family, const std::string& entity, const std::string& index
) {
  return std::any_of(model::kAllKinds.begin(), model::kAllKinds.end(), [&](model::EventKind kind) {
    if (model::family_of(kind) != family || !view.scopes.sees(kind, entity, index)) return false;
    return view.patterns.empty() ||
           std::any_of(view.patterns.begin(), view.patterns.end(), [&](const auto& pattern) {
             return pattern.matches(kind, entity);
           });
  });
}

template <typename Object>
std::string json_of(const Object& object) {
  std::string text;
  base::JsonWriter out(text);
  model::write(out, object);
  return text;
}

/// A sample as the event's data has it, and beside it what says which sample it is.
std::string sample_of(const hub::Frame& frame) {
  const auto json = frame.json();
  const auto data = json.find(",\"data\":{");
  // {"type":…,"timestamp":…,"data":{…}} becomes {…,"type":…,"timestamp":…}.
  std::string sample(json.substr(data + 8, json.size() - data - 10));
  sample.append(",").append(json.substr(1, data - 1)).append("}");
  return sample;
}

/// Walks the objects in order, one at a time: nothing is held but the place.
class Objects {
 public:
  explicit Objects(const StateView& view)
      : view_(view),
        index_(view.fold->indices().begin()),
        job_(view.fold->jobs().begin()),
        alert_(view.fold->alerts().begin()) {}

  /// The object at this place or the next that is shown, and its section; nullopt at the end.
  std::optional<std::pair<std::size_t, std::string>> next() {
    if (view_.nothing) return std::nullopt;
    for (; index_ != view_.fold->indices().end(); ++index_) {
      const auto& object = index_->second->object;
      if (shows(view_, model::Family::kIndex, object.index_id, object.index_id))
        return std::pair{std::size_t{0}, json_of(object)};
    }
    for (; job_ != view_.fold->jobs().end(); ++job_) {
      const auto& job = *job_->second;
      if (shows(view_, model::Family::kJob, job.job_id, job.index))
        return std::pair{std::size_t{1}, json_of(job)};
    }
    for (; alert_ != view_.fold->alerts().end(); ++alert_) {
      const auto& alert = *alert_->second;
      if (shows(view_, model::Family::kAlert, alert.alert_id, alert.index))
        return std::pair{std::size_t{2}, json_of(alert)};
    }
    for (; metric_ < view_.metrics.size(); ++metric_) {
      const auto& frame = *view_.metrics[metric_];
      const bool asked =
          view_.patterns.empty() ||
          std::any_of(view_.patterns.begin(), view_.patterns.end(), [&](const auto& pattern) {
            return pattern.matches(frame.kind, frame.entity);
          });
      if (asked && view_.scopes.sees(frame.kind, frame.entity, frame.index))
        return std::pair{std::size_t{3}, sample_of(frame)};
    }
    return std::nullopt;
  }
  /// Past the object that next() gave.
  void pass() {
    if (index_ != view_.fold->indices().end())
      ++index_;
    else if (job_ != view_.fold->jobs().end())
      ++job_;
    else if (alert_ != view_.fold->alerts().end())
      ++alert_;
    else
      ++metric_;
  }

 private:
  const StateView& view_;
  std::map<std::string, std::shared_ptr<const model::IndexRecord>>::const_iterator index_;
  std::map<std::string, std::shared_ptr<const model::Job>>::const_iterator job_;
  std::map<std::string, std::shared_ptr<const model::Alert>>::const_iterator alert_;
  std::size_t metric_ = 0;
};

std::string data_of(
    const std::array<std::vector<std::string>, 4>& sections, std::size_t part, bool last
) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    for (std::size_t i = 0; i < kSections.size(); ++i) {
      out.key(kSections[i]);
      out.array([&] {
        for (const auto& object : sections[i]) out.raw(object);
      });
    }
    out.member("part", part);
    out.member("last", last);
  });
  return text;
}

/// Parts in the making: the view and the place in it, kept together.
struct Progress {
  explicit Progress(StateView from) : view(std::move(from)), objects(view) {}
  StateView view;
  Objects objects;
  std::size_t number = 0;
};

}  // namespace

std::string whole_state(const StateView& view) {
  Objects objects(view);
  std::array<std::vector<std::string>, 4> sections;
  for (auto object = objects.next(); object; objects.pass(), object = objects.next())
    sections[object->first].push_back(std::move(object->second));
  return data_of(sections, 0, true);
}

hub::PartSource state_parts(StateView view, base::Timestamp now, std::string ref) {
  auto progress = std::make_shared<Progress>(std::move(view));
  return [progress, now, ref = std::move(ref)](const protocol::Scopes& scopes) {
    progress->view.scopes = scopes;
    std::array<std::vector<std::string>, 4> sections;
    std::size_t bytes = kPartRoom;
    // An object that did not fit opens the next part, if it may still be seen by then.
    auto object = progress->objects.next();
    while (object && (bytes == kPartRoom || bytes + object->second.size() < kPartBytes)) {
      bytes += object->second.size() + 1;
      sections[object->first].push_back(std::move(object->second));
      progress->objects.pass();
      object = progress->objects.next();
    }
    hub::StatePart part{{}, !object};
    part.message = "{\"type\":\"state\",\"timestamp\":\"" + base::format_timestamp(now) +
                   "\",\"data\":" + data_of(sections, progress->number++, part.last) +
                   ",\"id\":\"" +
                   model::format_cursor({progress->view.epoch, progress->view.fold->seq()}) + "\"";
    if (!ref.empty()) part.message += ",\"ref\":" + ref;
    part.message += "}";
    return part;
  };
}

}  // namespace mlgraph::gateway
