// Commands that live on the event stream.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "base/random.h"
#include "cli/commands.h"
#include "cli/event_line.h"
#include "client/event_stream.h"

namespace mlgraph::cli {
namespace {

/// Ctrl-C and SIGTERM end the stream in good order; the position is then printed for --since.
class StopOnSignal {
 public:
  explicit StopOnSignal(client::EventStream& stream) : stream_(stream) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    waiter_ = std::thread([this] {
      int signal = 0;
      sigwait(&set_, &signal);
      if (signal != SIGUSR1) stream_.stop();
    });
  }
  ~StopOnSignal() {
    pthread_kill(waiter_.native_handle(), SIGUSR1);
    waiter_.join();
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  client::EventStream& stream_;
  sigset_t set_{};
  std::thread waiter_;
};

std::string content_type_of(const std::filesystem::path& file) {
  const auto extension = file.extension().string();
  if (extension == ".npy") return "application/x-npy";
  if (extension == ".csv") return "text/csv";
  if (extension == ".fvecs") return "application/x-fvecs";
  if (extension == ".h5" || extension == ".hdf5") return "application/x-hdf5";
  return "application/x-ndjson";
}

void show_status(const Terminal& terminal, const client::StreamStatus& status) {
  using Kind = client::StreamStatus::Kind;
  const std::string text =
      status.kind == Kind::kConnected
          ? "connected"
          : fmt::format(
                "disconnected ({}), again in {} ms", status.reason, status.retry_in.count()
            );
  fmt::print(stderr, "{}\n", terminal.paint(Color::kDim, "-- " + text));
}

/// Draws the bar of one job until it ends. On a terminal the line is redrawn, else one line a
/// change.
class JobBar {
 public:
  explicit JobBar(const Terminal& terminal) : terminal_(terminal) {}
  void show(const base::Json& message, std::string_view type) {
    const auto* job = message.find("data");
    if (!job) return;
    if (!terminal_.is_terminal()) {
      fmt::print("{}\n", event_line(terminal_, type, message));
    } else {
      fmt::print("\r\x1b[K{:<9} {}", text_of(*job, "phase"), progress_bar(*job, 30));
      if (type == "job.completed" || type == "job.failed") fmt::print("\n");
    }
    std::fflush(stdout);
  }

 private:
  const Terminal& terminal_;
};

}  // namespace

int watch(const Context& context, const Watch& what) {
  client::StreamOptions options;
  if (!what.channels.empty()) options.channels = what.channels;
  options.since = what.since;
  options.state = what.state;
  client::EventStream stream(context.connection, options);
  const StopOnSignal stop(stream);
  std::uint64_t seen = 0;
  const auto outcome = stream.run(
      [&](const client::StreamMessage& message) {
        const bool event = message.type.find('.') != std::string::npos;
        const bool shown = event || message.type == "state" || message.type == "error";
        if (!shown) return true;
        if (context.json)
          fmt::print("{}\n", message.text);
        else
          fmt::print("{}\n", event_line(context.terminal, message.type, *message.json));
        std::fflush(stdout);
        if (event) ++seen;
        return what.count == 0 || seen < what.count;
      },
      [&](const client::StreamStatus& status) { show_status(context.terminal, status); }
  );
  if (!outcome) return report(outcome.error());
  if (!stream.position().empty())
    fmt::print(stderr, "-- continue with: --since {}\n", stream.position());
  return kOk;
}

int import_file(const Context& context, const ImportFile& what) {
  std::ifstream in(what.file, std::ios::binary);
  std::error_code ec;
  const auto size = std::filesystem::file_size(what.file, ec);
  if (!in || ec)
    return report({base::ErrorCode::kInvalidValue, fmt::format("cannot read {}", what.file), {}, {}}
    );
  const std::string job_id = "import-" + base::random_name(10);

  client::StreamOptions options;
  options.channels = {"job." + job_id + ".*"};
  options.reconnect = true;
  client::EventStream stream(context.connection, options);
  JobBar bar(context.terminal);
  std::thread watcher([&] {
    // Without an events: scope the import still runs; it is only not shown.
    static_cast<void>(stream.run(
        [&](const client::StreamMessage& message) {
          if (!message.type.starts_with("job.")) return true;
          if (context.json)
            fmt::print("{}\n", message.text);
          else
            bar.show(*message.json, message.type);
          return message.type != "job.completed" && message.type != "job.failed";
        },
        [](const client::StreamStatus&) {}
    ));
  });

  const std::string target = fmt::format(
      "/api/v1/indices/{}/import?jobId={}&id_prefix={}",
      client::encode_component(what.index),
      job_id,
      client::encode_component(what.id_prefix)
  );
  const client::HttpClient http(context.connection);
  const auto answer = http.upload(target, content_type_of(what.file), in, size);
  const bool begun = answer && (answer->status == 202 || answer->status == 400);
  if (!begun) stream.stop();
  // The upload is over; the job ends on its own, and the last word is the server's, not the
  // stream's.
  base::Result<base::Json> job = answer ? client::json_of(*answer) : tl::unexpected(answer.error());
  if (job)
    job = http.json("GET", fmt::format("/api/v1/jobs/{}?wait_for=completed&timeout_s=60", job_id));
  stream.stop();
  watcher.join();
  if (!job) return report(job.error());
  if (text_of(*job, "state") == "failed") return kServerError;
  if (!context.json)
    fmt::print(
        "imported {} vectors, {} refused ({})\n",
        with_commas(
            static_cast<std::uint64_t>(number_of(*job, "processed") - number_of(*job, "failed"))
        ),
        with_commas(static_cast<std::uint64_t>(number_of(*job, "failed"))),
        job_id
    );
  return kOk;
}

}  // namespace mlgraph::cli
