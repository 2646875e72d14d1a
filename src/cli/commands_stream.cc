// Commands that live on the event stream.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "base/random.h"
#include "cli/commands.h"
#include "cli/event_line.h"
#include "cli/output.h"
#include "cli/stop_on_signal.h"
#include "client/event_stream.h"

namespace mlgraph::cli {
namespace {

using client::StreamMessage;
using client::StreamStatus;
using client::Take;

/// By the file's name: what is inside, and how it is packed.
client::HttpClient::UploadType upload_type_of(std::filesystem::path file) {
  client::HttpClient::UploadType type{"application/x-ndjson"};
  if (file.extension() == ".gz") type.content_encoding = "gzip";
  if (file.extension() == ".zst") type.content_encoding = "zstd";
  if (!type.content_encoding.empty()) file.replace_extension();
  for (const auto& [extension, content_type] :
       {std::pair(".npy", "application/x-npy"),
        std::pair(".csv", "text/csv"),
        std::pair(".fvecs", "application/x-fvecs"),
        std::pair(".bvecs", "application/x-bvecs"),
        std::pair(".h5", "application/x-hdf5"),
        std::pair(".hdf5", "application/x-hdf5")})
    if (file.extension() == extension) type.content_type = content_type;
  return type;
}

std::string describe(const StreamStatus& status) {
  using Kind = StreamStatus::Kind;
  switch (status.kind) {
    case Kind::kConnected:
      return "connected";
    case Kind::kDisconnected:
      return fmt::format(
          "disconnected ({}), again in {} ms", safe(status.reason), status.retry_in.count()
      );
    case Kind::kGap:
      return fmt::format(
          "events after {} may be missing: the server no longer has them", safe(status.reason)
      );
    case Kind::kNarrowed:
      return fmt::format("some channels are no longer covered: {}", safe(status.reason));
  }
  return {};
}

/// Prints what a watcher wants to see of a stream, and counts it.
class Watcher {
 public:
  Watcher(const Context& context, const Watch& what, const client::EventStream& stream)
      : context_(context), what_(what), stream_(stream) {}

  Take show(const StreamMessage& message) {
    const bool event = message.type.find('.') != std::string::npos;
    if (!event && !is_news(message)) return Take::kMore;
    const bool taken = context_.json
                           ? out_.line(message.text)
                           : out_.line(event_line(context_.terminal, message.type, *message.json));
    if (!taken) return Take::kRefuse;
    if (event) ++seen_;
    return what_.count == 0 || seen_ < what_.count ? Take::kMore : Take::kLast;
  }
  [[nodiscard]] const Output& output() const { return out_; }

 private:
  /// Besides events: states and errors, and for programs also what tells them that events may be
  /// missing or will not come (people are told by the notes).
  [[nodiscard]] bool is_news(const StreamMessage& message) const {
    if (message.type == "state" || message.type == "error") return true;
    if (!context_.json) return false;
    if (message.type == "unsubscribed") return true;
    if (message.type != "subscribed" || stream_.position().empty()) return false;
    const auto* data = message.json->find("data");
    const auto* recovered = data ? data->find("recovered") : nullptr;
    return recovered && recovered->as_bool() && !*recovered->as_bool();
  }

  const Context& context_;
  const Watch& what_;
  const client::EventStream& stream_;
  Output out_;
  std::uint64_t seen_ = 0;
};

/// Draws the bar of one job until it ends. On a terminal the line is redrawn, else one line a
/// change. What cannot be drawn does not matter: the import goes on.
class JobBar {
 public:
  explicit JobBar(const Context& context) : context_(context) {}
  void show(const StreamMessage& message) {
    const auto* job = message.json->find("data");
    if (!job) return;
    if (context_.json)
      static_cast<void>(out_.line(message.text));
    else if (!context_.terminal.is_terminal())
      static_cast<void>(out_.line(event_line(context_.terminal, message.type, *message.json)));
    else
      static_cast<void>(out_.put(fmt::format(
          "\r\x1b[K{:<9} {}{}",
          text_of(*job, "phase"),
          progress_bar(*job, 30),
          message.type == "job.completed" || message.type == "job.failed" ? "\n" : ""
      )));
  }
  void say(const std::string& text) { static_cast<void>(out_.line(text)); }

 private:
  const Context& context_;
  Output out_;
};

client::StreamOptions stream_options(const Context& context) {
  client::StreamOptions options;
  if (!context.token_file.empty())
    options.token = [file = context.token_file] { return read_token(file).value_or(""); };
  return options;
}

}  // namespace

base::Result<std::string> read_token(const std::string& file) {
  std::ifstream in(file);
  std::string token;
  if (!std::getline(in, token))
    return base::fail(base::ErrorCode::kInvalidValue, "cannot read a token from {}", file);
  return token;
}

int watch(const Context& context, const Watch& what) {
  auto options = stream_options(context);
  if (!what.channels.empty()) options.channels = what.channels;
  options.since = what.since;
  options.state = what.state;
  constexpr std::int64_t kDoublings = 30;  // the page's ratio of the last delay to the first
  options.backoff_first =
      std::chrono::milliseconds(static_cast<std::int64_t>(what.backoff_seconds * 1'000));
  options.backoff_max = options.backoff_first * kDoublings;
  client::EventStream stream(context.connection, options);
  const StopOnSignal stop(stream);
  Watcher watcher(context, what, stream);
  const auto outcome = stream.run(
      [&](const StreamMessage& message) { return watcher.show(message); },
      [&](const StreamStatus& status) {
        note(context.terminal.paint(Color::kDim, "-- " + describe(status)));
      }
  );
  const bool lost_output = watcher.output().failed() && !watcher.output().reader_gone();
  if (lost_output) note("mlgraph: cannot write to standard output: " + watcher.output().failure());
  if (const auto position = stream.position(); !position.empty())
    note("-- continue with: --since " + position);
  if (!outcome) return report(outcome.error());
  return lost_output ? kServerError : kOk;
}

int import_file(const Context& context, const ImportFile& what) {
  std::ifstream in(what.file, std::ios::binary);
  std::error_code ec;
  const auto size = std::filesystem::file_size(what.file, ec);
  if (!in || ec)
    return report({base::ErrorCode::kInvalidValue, fmt::format("cannot read {}", what.file), {}, {}}
    );
  const std::string job_id = "import-" + base::random_name(10);

  auto options = stream_options(context);
  options.channels = {"job." + job_id + ".*"};
  client::EventStream stream(context.connection, options);
  JobBar bar(context);
  std::thread watcher([&] {
    // Without an events: scope the import still runs; it is only not shown.
    static_cast<void>(stream.run(
        [&](const StreamMessage& message) {
          if (!message.type.starts_with("job.")) return Take::kMore;
          bar.show(message);
          const bool ended = message.type == "job.completed" || message.type == "job.failed";
          return ended ? Take::kLast : Take::kMore;
        },
        [](const StreamStatus&) {}
    ));
  });

  std::string target = fmt::format(
      "/api/v1/indices/{}/import?jobId={}&id_prefix={}",
      client::encode_component(what.index),
      job_id,
      client::encode_component(what.id_prefix)
  );
  if (!what.dataset.empty()) target += "&dataset=" + client::encode_component(what.dataset);
  const client::HttpClient http(context.connection);
  const auto answer = http.upload(target, upload_type_of(what.file), in, size);
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
    bar.say(fmt::format(
        "imported {} vectors, {} refused ({})",
        with_commas(
            static_cast<std::uint64_t>(number_of(*job, "processed") - number_of(*job, "failed"))
        ),
        with_commas(static_cast<std::uint64_t>(number_of(*job, "failed"))),
        job_id
    ));
  return kOk;
}

}  // namespace mlgraph::cli
