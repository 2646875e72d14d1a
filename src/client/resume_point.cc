#include "client/resume_point.h"

#include <algorithm>

#include "client/server_error.h"

namespace mlgraph::client {

using base::ErrorCode;
using base::Json;

namespace {

constexpr std::string_view kSubscribe = "subscribe";
constexpr std::string_view kSync = "sync";
constexpr std::string_view kHeartbeat = "heartbeat";

std::string_view text_of(const Json* value) {
  return value && value->as_string() ? std::string_view(*value->as_string()) : std::string_view();
}

bool flag_of(const Json* value) { return value && value->as_bool() && *value->as_bool(); }

template <typename Body>
std::string request(std::string_view type, std::string_view ref, Body&& body) {
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("type", type);
    body(out);
    out.member("ref", ref);
  });
  return text;
}

}  // namespace

ResumePoint::ResumePoint(std::vector<std::string> channels, std::string since, bool state)
    : channels_(std::move(channels)),
      id_(std::move(since)),
      wants_state_(state),
      state_owed_(state && id_.empty()) {}

std::string ResumePoint::subscribe_request() {
  asked_since_ = id_;
  return request("subscribe", kSubscribe, [this](base::JsonWriter& out) {
    out.key("channels");
    out.array([&] {
      for (const auto& channel : channels_) out.value(channel);
    });
    if (!id_.empty()) out.member("since", id_);
    if (wants_state_) out.member("state", true);
  });
}

std::string ResumePoint::sync_request() {
  return request("sync", kSync, [](base::JsonWriter&) {});
}

std::string ResumePoint::ping_request() {
  return request("ping", kHeartbeat, [](base::JsonWriter&) {});
}

ResumePoint::News ResumePoint::take(std::string_view type, const Json& message) {
  static const Json kNothing;
  const Json* found = message.find("data");
  const Json& data = found ? *found : kNothing;
  const std::string_view ref = text_of(message.find("ref"));
  if (type == "subscribed" && ref == kSubscribe) return on_subscribed(data);
  if (type == "unsubscribed" && ref.empty()) return on_unsubscribed(data);
  if (type == "error") return on_error(message);
  if (type == "state") {
    if (!flag_of(data.find("last"))) return {};
    state_owed_ = false;
    move_to(message.find("id"));
  } else if (type.find('.') != std::string_view::npos || (type == "pong" && ref == kHeartbeat)) {
    move_to(message.find("id"));
  }
  return {};
}

ResumePoint::News ResumePoint::on_subscribed(const Json& data) {
  News news;
  news.subscribed = true;
  const bool recovered = flag_of(data.find("recovered"));
  if (!asked_since_.empty() && !recovered) {
    news.gap_after = asked_since_;
    state_owed_ = wants_state_;  // it follows by itself
  } else if (recovered) {
    // Events go on where they were cut, but an unfinished state does not.
    news.ask_state = state_owed_;
  }
  move_to(data.find("id"));
  return news;
}

// Scopes changed: what is left is what later connections ask for, since one forbidden channel would
// refuse them all.
ResumePoint::News ResumePoint::on_unsubscribed(const Json& data) {
  News news;
  const auto* left = data.find("channels");
  if (!left || !left->as_array()) return news;
  channels_.clear();
  for (const auto& channel : *left->as_array())
    if (channel.as_string()) channels_.push_back(*channel.as_string());
  news.narrowed = text_of(data.find("reason"));
  if (channels_.empty())
    news.refused = {
        ErrorCode::kForbidden, fmt::format("no channel is left: {}", *news.narrowed), {}, {}};
  return news;
}

ResumePoint::News ResumePoint::on_error(const Json& message) {
  News news;
  const Json* data = message.find("data");
  if (!data) return news;
  auto error = error_in(*data);
  const std::string_view ref = text_of(message.find("ref"));
  if (ref == kSubscribe || ref == kSync) {
    news.refused = std::move(error);
  } else if (error.code == ErrorCode::kCursorExpired) {
    // The log was trimmed under our replay: delivery goes on at its end.
    news.gap_after = id_;
    state_owed_ = wants_state_;
    news.ask_state = wants_state_;
    news.ask_position = true;
  }
  return news;
}

void ResumePoint::move_to(const Json* id) {
  if (const auto text = text_of(id); !text.empty()) id_ = text;
}

}  // namespace mlgraph::client
