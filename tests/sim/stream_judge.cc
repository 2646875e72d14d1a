// Events, answers and the place of each in the stream. States and samples: stream_judge_state.cc.
#include "sim/stream_judge.h"

#include <algorithm>

#include "model/cursor.h"
#include "sim/wire_json.h"

namespace mlgraph::sim {
namespace {

using base::Json;

std::vector<std::string> texts_of(const Json* list) {
  std::vector<std::string> all;
  if (list && list->as_array())
    for (const auto& item : *list->as_array())
      if (item.as_string()) all.push_back(*item.as_string());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

StreamJudge::StreamJudge(std::string name, Ground& ground, Following& following)
    : name_(std::move(name)), ground_(ground), following_(following) {}

void StreamJudge::expect(Operation op) { ops_.push_back(std::move(op)); }

void StreamJudge::cut(std::uint64_t taken) {
  while (!ops_.empty() && ops_.back().from >= taken) ops_.pop_back();
}

/// Operations that ended before `offset` are over.
void StreamJudge::reach(std::uint64_t offset) {
  while (!ops_.empty() && ops_.front().to <= offset) {
    if (!in_effect_) take_effect(ops_.front());
    end(ops_.front());
    ops_.pop_front();
    in_effect_ = false;
  }
}

void StreamJudge::take_effect(Operation& op) {
  in_effect_ = true;
  for (const auto& pattern : op.removed) patterns_.erase(pattern);
  if (op.grants) {
    versions_.back().until = op.published;
    versions_.push_back({*op.grants, ~std::uint64_t{0}, op.sampled});
  }
  if (op.narrows) {
    ++narrowings_;
    following_.forget();
  }
  for (const auto& pattern : op.added)
    patterns_[pattern] = {op.begin, versions_.size() - 1, op.sampled};
  if (!op.added.empty() && op.begin < last_) {
    ground_.transcript.note("{} goes back from {} to {}", name_, last_, op.begin);
    last_ = op.begin;
  }
  if (op.state) states_.push_back(*op.state);
}

void StreamJudge::end(const Operation& op) {
  if (!op.answers.empty())
    ground_.transcript.violation(
        "{}: '{}' was not answered by {} {}",
        name_,
        op.what,
        op.answers.front().type,
        op.answers.front().code
    );
}

void StreamJudge::on_message(std::uint64_t offset, const Json& message, std::string_view text) {
  reach(offset);
  const auto type = text_at(message, "type");
  if (closed_)
    return ground_.transcript.violation("{}: a message after the close frame: {}", name_, text);
  if (type == "state") return judge_state(message);
  const auto kind = model::parse_kind(type);
  if (!kind) return judge_answer(offset, message);
  if (model::is_durable(*kind)) return judge_event(*kind, message, text);
  judge_sample(*kind, message);
}

std::uint64_t StreamJudge::seq_of(const Json& message) const {
  const auto cursor = model::parse_cursor(text_at(message, "id"));
  if (!cursor || cursor->epoch != ground_.log.epoch() || cursor->seq > ground_.history.size()) {
    ground_.transcript.violation("{}: '{}' is no id", name_, text_at(message, "id"));
    return 0;
  }
  return cursor->seq;
}

bool StreamJudge::allowed(const model::Entry& entry) const {
  if (!versions_.back().grants.sees(entry.kind, entry.entity, entry.index)) return false;
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& item) {
    return item.second.begin < entry.seq && covers(item.first, entry.kind, entry.entity);
  });
}

bool StreamJudge::due(const model::Entry& entry) const {
  if (entry.seq <= had_.size() && had_[entry.seq - 1]) return false;
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& item) {
    const auto& [text, wanted] = item;
    if (entry.seq <= wanted.begin || !covers(text, entry.kind, entry.entity)) return false;
    for (std::size_t i = wanted.version; i < versions_.size(); ++i)
      if (entry.seq <= versions_[i].until &&
          !versions_[i].grants.sees(entry.kind, entry.entity, entry.index))
        return false;
    return true;
  });
}

/// Whatever lies before `seq` will not come any more.
void StreamJudge::check_passed(std::uint64_t seq, std::string_view by) {
  for (auto at = last_ + 1; at <= seq; ++at)
    if (due(ground_.history.at(at)))
      return ground_.transcript.violation(
          "{}: {} has come, but event {} ({} {}) was due before it and has not",
          name_,
          by,
          at,
          model::type_name(ground_.history.at(at).kind),
          ground_.history.at(at).entity
      );
}

void StreamJudge::judge_event(EventKind kind, const Json& message, std::string_view text) {
  const auto seq = seq_of(message);
  if (seq == 0) return;
  const auto& entry = ground_.history.at(seq);
  auto& transcript = ground_.transcript;
  if (text != entry.public_json)
    return transcript.violation("{}: event {} differs from the log's: {}", name_, seq, text);
  if (seq <= had_.size() && had_[seq - 1])
    return transcript.violation("{}: event {} came twice", name_, seq);
  if (seq <= last_)
    return transcript.violation("{}: event {} came after {}, out of order", name_, seq, last_);
  if (!allowed(entry))
    return transcript.violation(
        "{}: event {} ({} {}) is outside its patterns or scopes",
        name_,
        seq,
        model::type_name(kind),
        entry.entity
    );
  if (!states_.empty() && seq > states_.front().seq)
    return transcript.violation(
        "{}: event {} came before the state at {}", name_, seq, states_.front().seq
    );
  check_passed(seq - 1, "event " + std::to_string(seq));
  if (had_.size() < seq) had_.resize(ground_.history.size());
  had_[seq - 1] = true;
  last_ = seq;
  following_.on_event(seq, kind, message);
}

void StreamJudge::judge_answer(std::uint64_t offset, const Json& message) {
  if (ops_.empty() || ops_.front().from > offset || ops_.front().answers.empty())
    return ground_.transcript.violation(
        "{}: an answer that nobody asked for: {} {} {}",
        name_,
        text_at(message, "type"),
        ref_of(message),
        message.find("data") ? text_at(*message.find("data"), "code") : ""
    );
  Operation& op = ops_.front();
  if (!in_effect_) take_effect(op);
  const Answer due = std::move(op.answers.front());
  op.answers.pop_front();
  compare(due, message);
}

void StreamJudge::compare(const Answer& due, const Json& message) {
  static const Json kNothing;
  const auto* found = message.find("data");
  const Json& data = found ? *found : kNothing;
  auto& transcript = ground_.transcript;
  const auto wrong = [&](std::string_view member) {
    std::string text;
    base::JsonWriter(text).value(message);
    transcript.violation(
        "{}: the {} of {} is wrong, due was {} {}", name_, member, text, due.type, due.code
    );
  };
  if (text_at(message, "type") != due.type) return wrong("type");
  if (ref_of(message) != due.ref) return wrong("ref");
  if (!due.code.empty() && text_at(data, "code") != due.code) return wrong("code");
  if (!due.id.empty() && text_at(data, "id") != due.id) return wrong("id");
  if (due.has_reason != !text_at(data, "reason").empty()) return wrong("reason");
  if (due.channels) {
    auto channels = *due.channels;
    std::sort(channels.begin(), channels.end());
    if (texts_of(data.find("channels")) != channels) return wrong("channels");
  }
  if (due.recovered) {
    const auto* recovered = data.find("recovered");
    if (!recovered || !recovered->as_bool() || *recovered->as_bool() != *due.recovered)
      return wrong("recovered");
  }
  if (due.tells_position) {
    const auto cursor = model::parse_cursor(text_at(message, "id"));
    if (!cursor || cursor->epoch != ground_.log.epoch() || cursor->seq > ground_.history.size() ||
        cursor->seq < last_)
      return wrong("id");
    check_passed(cursor->seq, "a pong at " + std::to_string(cursor->seq));
    last_ = cursor->seq;
    if (last_ >= following_.seq()) following_.compare(last_);
  }
}

void StreamJudge::on_close_frame(std::uint64_t offset, int code, std::optional<int> said) {
  if (closed_) return ground_.transcript.violation("{}: a second close frame", name_);
  reach(offset);
  if (!said || *said != code)
    ground_.transcript.violation("{}: closed with {}, not {}", name_, code, said.value_or(0));
  closed_ = true;
}

void StreamJudge::finish() {
  reach(~std::uint64_t{0});
  auto& transcript = ground_.transcript;
  if (!states_.empty())
    return transcript.violation("{}: the state at {} never came", name_, states_.front().seq);
  check_passed(ground_.history.size(), "the end");
  following_.compare(ground_.history.size());
  check_newest_samples();
}

}  // namespace mlgraph::sim
