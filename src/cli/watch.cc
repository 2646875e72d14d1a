// mlgraph watch: events as they happen.
#include <memory>

#include "cli/api.h"
#include "cli/event_line.h"
#include "cli/families.h"
#include "cli/follow.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/stop_on_signal.h"
#include "cli/stream_notes.h"
#include "cli/until.h"

namespace mlgraph::cli {
namespace {

using base::Json;
using client::StreamMessage;
using client::StreamStatus;
using client::Take;

struct Watch {
  std::vector<std::string> channels;
  std::optional<std::string> since;
  std::vector<std::string> until;
  std::string job;
  std::uint64_t count = 0;  ///< 0: without end
  std::optional<double> for_seconds;
  bool state = false;
  bool wait = false;
  double backoff_seconds = 1;  ///< the first reconnect delay's bound, doubled up to 30 times it
};

/// Prints what a watcher wants to see of a stream, and knows when it has seen enough.
class Watcher {
 public:
  Watcher(const Context& context, const Watch& what, Until until, const client::EventStream& stream)
      : context_(context), what_(what), until_(std::move(until)), stream_(stream) {}

  Take show(const StreamMessage& message) {
    const bool event = message.type.find('.') != std::string::npos;
    if (message.type == "state" && !what_.job.empty()) {
      if (const auto* job = ended_job(*message.json)) return show_ended(*job);
      if (!what_.state) return Take::kMore;
    }
    if (!event && !is_news(message)) return Take::kMore;
    if (!print(message.type, *message.json, message.text)) return Take::kRefuse;
    if (!event) return Take::kMore;
    ++seen_;
    if (until_.is_end(message.type, *message.json)) {
      end_ = exit_of_event(message.type, *message.json);
      return Take::kLast;
    }
    return what_.count == 0 || seen_ < what_.count ? Take::kMore : Take::kLast;
  }
  [[nodiscard]] const Output& output() const { return out_; }
  /// The exit code that the awaited event gives; nothing: it has not come.
  [[nodiscard]] std::optional<int> end() const { return end_; }
  [[nodiscard]] bool counted_out() const { return what_.count > 0 && seen_ >= what_.count; }

 private:
  bool print(std::string_view type, const Json& message, std::string_view text) {
    return context_.json ? out_.line(safe_json(text))
                         : out_.line(event_line(context_.terminal, type, message));
  }

  [[nodiscard]] const Json* ended_job(const Json& state) const {
    for (const auto& job : items_of(child(state, "data"), "jobs"))
      if (text_of(job, "jobId") == what_.job && has_ended(job)) return &job;
    return nullptr;
  }

  /// A job that had ended before the watch began, or while it was away for too long.
  Take show_ended(const Json& job) {
    JobBar(context_).show_job(job);
    end_ = exit_of_job(job);
    return Take::kLast;
  }

  /// Besides events: states and errors, and for programs also what tells them that events may be
  /// missing or will not come (people are told by the notes).
  [[nodiscard]] bool is_news(const StreamMessage& message) const {
    if (message.type == "state" || message.type == "error") return true;
    if (!context_.json) return false;
    if (message.type == "unsubscribed") return true;
    if (message.type != "subscribed" || stream_.position().empty()) return false;
    const auto& recovered = child(child(*message.json, "data"), "recovered");
    return recovered.as_bool() && !*recovered.as_bool();
  }

  const Context& context_;
  const Watch& what_;
  const Until until_;
  const client::EventStream& stream_;
  Output out_;
  std::uint64_t seen_ = 0;
  std::optional<int> end_;
};

/// The patterns given, those waited for, and the job's own.
std::vector<std::string> channels_of(const Watch& what) {
  auto channels = what.channels;
  if (!what.job.empty()) channels.push_back("job." + what.job + ".*");
  if (channels.empty()) return {"*"};
  channels.insert(channels.end(), what.until.begin(), what.until.end());
  return channels;
}

client::StreamOptions options_of(const Context& context, const Watch& what) {
  constexpr std::int64_t kDoublings = 30;  // the page's ratio of the last delay to the first
  auto options = context.stream_options();
  options.channels = channels_of(what);
  options.since = what.since;
  options.state = what.state || !what.job.empty();
  options.backoff_first =
      std::chrono::milliseconds(static_cast<std::int64_t>(what.backoff_seconds * 1'000));
  options.backoff_max = options.backoff_first * kDoublings;
  return options;
}

int exit_of(
    const Watch& what,
    const Watcher& watcher,
    const StopOnSignal& stop,
    const base::Result<void>& outcome
) {
  if (watcher.output().failed() && !watcher.output().reader_gone()) {
    note("mlgraph: cannot write to standard output: " + watcher.output().failure());
    return kRefused;
  }
  if (watcher.output().reader_gone()) return kOk;
  if (watcher.end()) return *watcher.end();
  if (!outcome) return report(outcome.error());
  const bool awaited = !what.until.empty() || !what.job.empty();
  if (!awaited || watcher.counted_out()) return kOk;
  if (stop.time_over()) return kTimeOver;
  return stop.signal() != 0 ? kSignalled + stop.signal() : kOk;
}

int watch(const Context& context, const Watch& what) {
  auto until_patterns = what.until;
  if (!what.job.empty())
    for (const char* end : {".completed", ".failed"})
      until_patterns.push_back("job." + what.job + end);
  auto until = Until::parse(until_patterns);
  if (!until) return report(until.error());
  if (!what.job.empty() && !what.wait)  // one that is not there would be waited for without end
    if (const auto job = context.http().json("GET", api_path({"jobs", what.job})); !job)
      return report(job.error());

  client::EventStream stream(context.connection, options_of(context, what));
  std::optional<std::chrono::milliseconds> patience;
  if (what.for_seconds)
    patience = std::chrono::milliseconds(static_cast<std::int64_t>(*what.for_seconds * 1'000));
  const StopOnSignal stop(stream, patience);
  Watcher watcher(context, what, *until, stream);
  bool connected = what.wait;
  std::optional<base::Error> unreachable;
  const auto outcome = stream.run(
      [&](const StreamMessage& message) { return watcher.show(message); },
      [&](const StreamStatus& status) {
        if (status.kind == StreamStatus::Kind::kConnected) connected = true;
        if (!connected && status.unreachable) {
          unreachable = base::Error{
              base::ErrorCode::kInternal,
              fmt::format(
                  "cannot reach {}: {} (--wait waits for it)",
                  client::to_text(context.connection.server),
                  status.reason
              ),
              {},
              {}};
          stream.stop();
          return;
        }
        note_status(context, status);
      }
  );
  if (unreachable) return report(*unreachable);
  if (const auto position = stream.position(); !position.empty())
    note("-- continue with: --since " + position);
  return exit_of(what, watcher, stop, outcome);
}

}  // namespace

void add_watch(Program& program) {
  const auto what = std::make_shared<Watch>();
  auto command = program.command(
      program.root(),
      "watch",
      "events as they happen, e.g. watch 'job.*' 'alert.*'",
      [what](const Context& context) { return watch(context, *what); }
  );
  command.add_option("patterns", what->channels, "channels; all when none are given")
      .type_name("CHANNEL");
  command.add_option("--since", what->since, "resume after this id").type_name("ID");
  command
      .add_option(
          "--until",
          what->until,
          "end with the first event of this channel, e.g. job.completed or index.docs.*; repeat "
          "for "
          "several; a failed job gives its own exit code"
      )
      .type_name("CHANNEL")
      .one_value_each();
  command.add_option("--job", what->job, "watch this job and end with it; the exit code says how")
      .type_name(kJobName);
  command.add_option("--count", what->count, "end after so many events").type_name("COUNT");
  command.add_option("--for", what->for_seconds, "end after so long")
      .type_name("SECONDS")
      .in_range(0.001, 1e8);
  command.add_flag("--state", what->state, "the state first");
  command.add_flag("--wait", what->wait, "wait for a server, or a job, that is not there yet");
  command
      .add_option(
          "--backoff",
          what->backoff_seconds,
          "reconnect delays are drawn up to it, twice it, … 30 times it (MLGRAPH_BACKOFF)"
      )
      .type_name("SECONDS")
      .environment("MLGRAPH_BACKOFF")
      .in_range(0.01, 60.0)
      .capture_default();
}

}  // namespace mlgraph::cli
