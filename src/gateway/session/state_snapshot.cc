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

/// Walks the objects in order, one at a time: nothing is held but the place.
class Objects {
 public:
  explicit Objects(const StateView& view)
      : view_(view),
        index_(view.fold->indices().begin()),
        job_(view.fold->jobs().begin()),
        alert_(view.fold->alerts().begin()) {}

  /// The next object and its section; nullopt at the end.
  std::optional<std::pair<std::size_t, std::string>> next() {
    for (; index_ != view_.fold->indices().end();) {
      const auto& record = *(index_++)->second;
      const auto& id = record.object.index_id;
      if (shows(view_, model::Family::kIndex, id, id))
        return std::pair{std::size_t{0}, json_of(record.object)};
    }
    for (; job_ != view_.fold->jobs().end();) {
      const auto& job = *(job_++)->second;
      if (shows(view_, model::Family::kJob, job.job_id, job.index))
        return std::pair{std::size_t{1}, json_of(job)};
    }
    for (; alert_ != view_.fold->alerts().end();) {
      const auto& alert = *(alert_++)->second;
      if (shows(view_, model::Family::kAlert, alert.alert_id, alert.index))
        return std::pair{std::size_t{2}, json_of(alert)};
    }
    while (metric_ < view_.metrics.size()) {
      const auto& frame = *view_.metrics[metric_++];
      const bool asked =
          view_.patterns.empty() ||
          std::any_of(view_.patterns.begin(), view_.patterns.end(), [&](const auto& pattern) {
            return pattern.matches(frame.kind, frame.entity);
          });
      if (asked && view_.scopes.sees(frame.kind, frame.entity, frame.index))
        return std::pair{std::size_t{3}, std::string(frame.json())};
    }
    return std::nullopt;
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
  explicit Progress(StateView from) : view(std::move(from)), objects(view) {
    pending = objects.next();
  }
  StateView view;
  Objects objects;
  std::optional<std::pair<std::size_t, std::string>> pending;
  std::size_t part = 0;
  bool done = false;
};

}  // namespace

std::string whole_state(const StateView& view) {
  Objects objects(view);
  std::array<std::vector<std::string>, 4> sections;
  for (auto object = objects.next(); object; object = objects.next())
    sections[object->first].push_back(std::move(object->second));
  return data_of(sections, 0, true);
}

hub::PartSource state_parts(StateView view, base::Timestamp now, std::string ref) {
  auto progress = std::make_shared<Progress>(std::move(view));
  return [progress, now, ref = std::move(ref)]() -> std::optional<std::string> {
    if (progress->done) return std::nullopt;
    std::array<std::vector<std::string>, 4> sections;
    std::size_t bytes = kPartRoom;
    while (progress->pending &&
           (bytes == kPartRoom || bytes + progress->pending->second.size() < kPartBytes)) {
      bytes += progress->pending->second.size() + 1;
      sections[progress->pending->first].push_back(std::move(progress->pending->second));
      progress->pending = progress->objects.next();
    }
    progress->done = !progress->pending;
    std::string message =
        "{\"type\":\"state\",\"timestamp\":\"" + base::format_timestamp(now) +
        "\",\"data\":" + data_of(sections, progress->part++, progress->done) + ",\"id\":\"" +
        model::format_cursor({progress->view.epoch, progress->view.fold->seq()}) + "\"";
    if (!ref.empty()) message += ",\"ref\":" + ref;
    return message + "}";
  };
}

}  // namespace mlgraph::gateway
