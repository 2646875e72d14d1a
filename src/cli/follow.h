#pragma once
// One job, shown until it has ended.
#include <atomic>
#include <optional>
#include <string>

#include "base/json.h"
#include "cli/context.h"
#include "cli/output.h"

namespace mlgraph::cli {

/// Draws a job's own events: on a terminal one bar that is redrawn, else one line an event; under
/// --json the events as they came. What cannot be drawn does not matter: the job goes on.
class JobBar {
 public:
  explicit JobBar(const Context& context) : context_(context) {}
  /// message  {type, timestamp, data: the job}; text: the same as it came
  void show(std::string_view type, const base::Json& message, std::string_view text);
  /// A job as a state or an answer shows it, told as the event that would say so.
  void show_job(const base::Json& job);

 private:
  const Context& context_;
  Output out_;
  bool ended_ = false;
};

/// Follows a job by its events, through restarts of the server. Where no events are to be had (a
/// token that may not see them or has all its sessions, a proxy that passes no WebSocket) it waits
/// for the job's end by asking.
/// Threads  run() blocks its caller; stop() from anywhere.
class JobFollower {
 public:
  /// bar  shows it; nullptr: nothing is shown
  JobFollower(const Context& context, std::string job_id, JobBar* bar);
  /// The job once it has ended; nothing after stop().
  /// errors  as ask_until_ended
  [[nodiscard]] base::Result<std::optional<base::Json>> run();
  void stop();

 private:
  client::Take take(const client::StreamMessage& message);
  client::Take take_state(const base::Json& state);

  const Context& context_;
  const std::string job_id_;
  JobBar* const bar_;
  client::EventStream stream_;
  std::atomic<bool> stopped_{false};
  std::optional<base::Json> ended_;
};

/// The job once it has ended, by asking the server to wait for it, over and over: also one that is
/// away or busy, with the stream's own delays.
/// stopped  looked at between the questions; nothing is returned then
/// errors   kNotFound, kUnauthorized, … and what else asking again cannot mend
[[nodiscard]] base::Result<std::optional<base::Json>> ask_until_ended(
    const Context& context, const std::string& job_id, const std::atomic<bool>& stopped
);

/// The job that an answer to an upload tells of, also of a failed one; else the server's refusal.
[[nodiscard]] base::Result<base::Json> job_of(const client::HttpAnswer& answer);
/// Shows a job that has begun until it has ended; the job then.
[[nodiscard]] base::Result<base::Json> show_to_the_end(
    const Context& context, const std::string& job_id
);
/// The same, and tells of its end: rows that were refused and why it failed, on
/// standard error. returns its exit code.
int follow_to_the_end(const Context& context, const std::string& job_id);
/// The same for a job that has ended: its errors, and its exit code.
int tell_end(const base::Json& job);
[[nodiscard]] bool has_ended(const base::Json& job);

}  // namespace mlgraph::cli
