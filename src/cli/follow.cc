#include "cli/follow.h"

#include <random>
#include <thread>

#include <fmt/format.h>

#include "cli/api.h"
#include "cli/event_line.h"
#include "cli/json_view.h"
#include "cli/stream_notes.h"
#include "client/backoff.h"
#include "client/trust.h"

namespace mlgraph::cli {

using base::Json;
using client::StreamMessage;
using client::StreamStatus;
using client::Take;

namespace {

constexpr std::size_t kBarWidth = 30;
constexpr std::chrono::seconds kAskEvery{60};

bool is_ending(std::string_view type) { return type == "job.completed" || type == "job.failed"; }

client::StreamOptions options_for(const Context& context, const std::string& job_id) {
  auto options = context.stream_options();
  options.channels = {"job." + job_id + ".*"};
  options.state = true;  // says, too, that it has ended before we looked
  return options;
}

/// Whether the same question may be answered later.
bool is_passing(const base::Error& error) {
  using base::ErrorCode;
  switch (error.code) {
    case ErrorCode::kInternal:
      return !client::is_untrusted(error);
    case ErrorCode::kInterrupted:
    case ErrorCode::kTimeout:
    case ErrorCode::kOverloaded:
    case ErrorCode::kRateLimited:
      return true;
    default:
      return false;
  }
}

void pause(std::chrono::milliseconds wait, const std::atomic<bool>& stopped) {
  constexpr std::chrono::milliseconds kLook{20};
  const auto until = std::chrono::steady_clock::now() + wait;
  while (!stopped && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kLook);
}

}  // namespace

bool has_ended(const Json& job) {
  const auto state = text_of(job, "state");
  return state == "completed" || state == "failed";
}

void JobBar::show(std::string_view type, const Json& message, std::string_view text) {
  if (ended_) return;
  ended_ = is_ending(type);
  const auto& job = child(message, "data");
  if (context_.json)
    static_cast<void>(out_.line(safe_json(text)));
  else if (!context_.terminal.is_terminal())
    static_cast<void>(out_.line(event_line(context_.terminal, type, message)));
  else
    static_cast<void>(out_.put(fmt::format(
        "\r\x1b[K{:<9} {}{}",
        text_of(job, "phase"),
        progress_bar(job, kBarWidth),
        ended_ ? "\n" : ""
    )));
}

void JobBar::show_job(const Json& job) {
  const auto state = text_of(job, "state");
  const std::string type = has_ended(job) ? "job." + state : "job.progress";
  std::string text;
  base::JsonWriter out(text);
  out.object([&] {
    out.member("type", type);
    out.key("timestamp");
    const auto& finished = child(job, "finished_at");
    out.value(finished.is_null() ? child(job, "started_at") : finished);
    out.member("data", job);
  });
  if (const auto message = base::parse_json(text)) show(type, *message, text);
}

JobFollower::JobFollower(const Context& context, std::string job_id, JobBar* bar)
    : context_(context),
      job_id_(std::move(job_id)),
      bar_(bar),
      stream_(context.connection, options_for(context, job_id_)) {}

void JobFollower::stop() {
  stopped_ = true;
  stream_.stop();
}

base::Result<std::optional<Json>> JobFollower::run() {
  bool subscribed = false;
  const auto outcome = stream_.run(
      [this](const StreamMessage& message) { return take(message); },
      [&](const StreamStatus& status) {
        if (subscribed) return note_status(context_, status);
        subscribed = status.kind == StreamStatus::Kind::kConnected;
        if (subscribed) return;
        if (!status.unreachable)
          note("-- no events (" + safe(status.reason) + "): asking for the job's end");
        stream_.stop();
      }
  );
  static_cast<void>(outcome);  // no events: the answer to the question decides
  if (ended_ || stopped_) return ended_;
  MLG_TRY(ended, ask_until_ended(context_, job_id_, stopped_));
  if (ended && bar_) bar_->show_job(*ended);
  return ended;
}

Take JobFollower::take(const StreamMessage& message) {
  const auto& data = child(*message.json, "data");
  if (message.type == "state") return take_state(data);
  if (!message.type.starts_with("job.")) return Take::kMore;
  if (bar_) bar_->show(message.type, *message.json, message.text);
  if (!is_ending(message.type)) return Take::kMore;
  ended_ = data;
  return Take::kLast;
}

Take JobFollower::take_state(const Json& state) {
  for (const auto& job : items_of(state, "jobs")) {
    if (text_of(job, "jobId") != job_id_) continue;
    if (bar_) bar_->show_job(job);
    if (!has_ended(job)) continue;
    ended_ = job;
    return Take::kLast;
  }
  return Take::kMore;
}

base::Result<std::optional<Json>> ask_until_ended(
    const Context& context, const std::string& job_id, const std::atomic<bool>& stopped
) {
  const auto target = fmt::format(
      "{}?wait_for=completed&timeout_s={}", api_path({"jobs", job_id}), kAskEvery.count()
  );
  client::Backoff backoff({.seed = std::random_device{}()});
  while (!stopped) {
    auto job = context.http().json_after(target, kAskEvery);
    if (job && has_ended(*job)) return std::move(*job);
    if (job) {
      backoff.reset();
      continue;
    }
    if (!is_passing(job.error())) return tl::unexpected(job.error());
    const auto wait = backoff.next();
    note_status(context, {StreamStatus::Kind::kDisconnected, job.error().message, wait});
    pause(wait, stopped);
  }
  return std::optional<Json>();
}

base::Result<Json> job_of(const client::HttpAnswer& answer) {
  auto parsed = base::parse_json(answer.body);
  if (parsed && parsed->find("jobId")) return parsed;
  return client::json_of(answer);
}

int tell_end(const Json& job) {
  for (const auto& error : items_of(job, "errors"))
    note(fmt::format("row {}: {}", count_of(error, "row"), text_of(error, "message")));
  const auto refused = count_of(job, "failed");
  const auto shown = items_of(job, "errors").size();
  if (refused > shown) note(fmt::format("and {} more rows", with_commas(refused - shown)));
  if (text_of(job, "state") == "failed")
    note(fmt::format(
        "mlgraph: {} {}: {}",
        text_of(job, "jobId"),
        text_of(child(job, "error"), "code"),
        text_of(child(job, "error"), "message")
    ));
  return exit_of_job(job);
}

base::Result<Json> show_to_the_end(const Context& context, const std::string& job_id) {
  // A job that is not there would be followed for ever.
  MLG_TRY(known, context.http().json("GET", api_path({"jobs", job_id})));
  JobBar bar(context);
  MLG_TRY(ended, JobFollower(context, job_id, &bar).run());
  return ended.value_or(std::move(known));
}

int follow_to_the_end(const Context& context, const std::string& job_id) {
  const auto job = show_to_the_end(context, job_id);
  return job ? tell_end(*job) : report(job.error());
}

}  // namespace mlgraph::cli
