// mlgraph import: a file into an index, with its job's own progress.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <random>
#include <thread>

#include "base/random.h"
#include "cli/api.h"
#include "cli/families.h"
#include "cli/follow.h"
#include "cli/import_file.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/program.h"
#include "client/backoff.h"
#include "client/trust.h"

namespace mlgraph::cli {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;

constexpr std::chrono::seconds kServerPatience{120};     // for one that was cut off under an upload
constexpr std::chrono::seconds kEventsPatience{1};       // for those of a job whose end is known
constexpr ErrorCode kNeverStood = ErrorCode::kInternal;  // of HttpSession: there is no connection

struct Import {
  std::string index;
  std::string file;
  std::string format;
  std::string compression;
  std::string id_prefix;
  std::string dataset;
  std::string source;
  bool follow = false;
  std::uint32_t retries = 3;
};

std::string target_of(const Import& what, const std::string& job_id) {
  std::string target = api_path({"indices", what.index, "import"}) + "?jobId=" + job_id;
  if (!what.id_prefix.empty()) target += "&id_prefix=" + client::encode_component(what.id_prefix);
  if (!what.dataset.empty()) target += "&dataset=" + client::encode_component(what.dataset);
  return target;
}

/// Sends the file once. Under --follow its job is shown meanwhile, on a connection of its own.
/// returns  the job: ended under --follow, else as the answer has it
Result<Json> send(const Context& context, const Import& what, const std::string& job_id) {
  MLG_TRY(type, upload_type_of(what.file, what.format, what.compression));
  const bool standard_input = what.file == "-";
  std::ifstream file;
  if (!standard_input) file.open(what.file, std::ios::binary);
  std::istream& in = standard_input ? std::cin : file;
  std::error_code no_size;
  std::optional<std::uint64_t> size;
  if (!standard_input && std::filesystem::is_regular_file(what.file, no_size))
    size = std::filesystem::file_size(what.file, no_size);
  if (!in || std::filesystem::is_directory(what.file))
    return base::fail(ErrorCode::kInvalidValue, "cannot read {}", safe(what.file));

  JobBar bar(context);
  JobFollower follower(context, job_id, &bar);
  std::future<Result<std::optional<Json>>> shown;
  if (what.follow) shown = std::async(std::launch::async, [&] { return follower.run(); });
  const auto answer = context.http().upload(target_of(what, job_id), type, in, size);
  auto job = answer ? job_of(*answer) : Result<Json>(tl::unexpected(answer.error()));
  if (in.bad() || (standard_input && std::ferror(stdin) != 0))
    job = base::fail(ErrorCode::kInvalidValue, "cannot read all of {}", safe(what.file));
  if (!what.follow) return job;
  // Without an answer there is no job, or it is lost with the connection. One that has ended is
  // shown from the answer where its events do not come.
  const bool over = !job || has_ended(*job);
  const auto patience = job ? kEventsPatience : std::chrono::seconds(0);
  if (over && shown.wait_for(patience) != std::future_status::ready) follower.stop();
  const auto followed = shown.get();
  if (!job) return job;
  if (followed && *followed) return **followed;
  if (!over) {
    // A token that sees no events may have asked for the job before it had begun.
    const std::atomic<bool> never{false};
    MLG_TRY(ended, ask_until_ended(context, job_id, never));
    job = ended.value_or(*job);
  }
  bar.show_job(*job);
  return job;
}

/// false: it did not come back in time.
bool wait_for_server(const Context& context) {
  client::Backoff backoff(
      {std::chrono::milliseconds(200), std::chrono::seconds(5), std::random_device{}()}
  );
  const auto until = std::chrono::steady_clock::now() + kServerPatience;
  while (std::chrono::steady_clock::now() < until) {
    const auto answer = context.http().request("GET", "/health/ready");
    if (answer && answer->status == 200) return true;
    std::this_thread::sleep_for(backoff.next());
  }
  return false;
}

/// Whether sending the whole file again can mend it: rows are put under their ids, so a row that is
/// there is put once more. A server that was never there is told at once.
bool can_send_again(const Import& what, const Result<Json>& job, bool first) {
  std::error_code ec;
  if (!what.follow || !std::filesystem::is_regular_file(what.file, ec)) return false;
  if (!job && (client::is_untrusted(job.error()) || (first && job.error().code == kNeverStood)))
    return false;
  if (!job) return exit_of(job.error()) == kUnreachable;
  return text_of(child(*job, "error"), "code") == "interrupted";
}

int tell(const Context& context, const Import& what, const Json& job) {
  if (const int code = tell_end(job); code != kOk) return code;
  if (!what.follow) return emit((context.json ? json_text(job) : text_of(job, "jobId")) + "\n");
  if (context.json) return kOk;
  return emit(fmt::format(
      "imported {} vectors, {} refused ({})\n",
      with_commas(count_of(job, "processed") - count_of(job, "failed")),
      commas_of(job, "failed"),
      text_of(job, "jobId")
  ));
}

int send_until_whole(const Context& context, const Import& what) {
  for (std::uint32_t attempt = 0;; ++attempt) {
    const auto job = send(context, what, "import-" + base::random_name(10));
    const bool again = attempt < what.retries && can_send_again(what, job, attempt == 0);
    if (!again) return job ? tell(context, what, *job) : report(job.error());
    note(fmt::format(
        "-- the upload was cut ({}): {} is sent again when the server is back",
        job ? text_of(child(*job, "error"), "message") : safe(job.error().message),
        safe(what.file)
    ));
    if (!wait_for_server(context)) return job ? tell(context, what, *job) : report(job.error());
  }
}

/// A file of the server's own import folder: its import goes on through restarts.
int import_source(const Context& context, const Import& what) {
  const auto job_id = "import-" + base::random_name(10);
  const auto body = json_object([&](auto& out) { out.member("source", what.source); });
  const auto job = context.http().json("POST", target_of(what, job_id), body);
  if (!job) return report(job.error());
  if (!what.follow) return tell(context, what, *job);
  JobBar bar(context);
  const auto ended = JobFollower(context, job_id, &bar).run();
  if (!ended) return report(ended.error());
  return tell(context, what, ended->value_or(*job));
}

int import_file(const Context& context, const Import& what) {
  if (what.file.empty() == what.source.empty())
    return report({ErrorCode::kInvalidValue, "import takes FILE or --source, one of both", {}, {}});
  return what.source.empty() ? send_until_whole(context, what) : import_source(context, what);
}

}  // namespace

void add_import(Program& program) {
  const auto what = std::make_shared<Import>();
  auto command = program.command(
      program.root(),
      "import",
      "put a file's vectors into an index",
      [what](const Context& context) { return import_file(context, *what); }
  );
  command.add_option("index", what->index, "the index").required().type_name(kIndexName);
  command
      .add_option(
          "file",
          what->file,
          ".jsonl, .npy, .csv, .fvecs, .bvecs or .hdf5, also in .gz or .zst; - is standard input"
      )
      .type_name(kFileName);
  command.add_flag(
      "--follow", what->follow, "show its progress; without it the job's id is printed"
  );
  command.add_option("--format", what->format, "what is inside, where the name does not tell")
      .one_of(import_formats());
  command
      .add_option(
          "--compression", what->compression, "how it is packed, where the name does not tell"
      )
      .one_of({"none", "gzip", "zstd"});
  command.add_option("--dataset", what->dataset, "of an HDF5 file (else train)");
  command.add_option("--id-prefix", what->id_prefix, "before the row numbers of files without ids");
  command.add_option("--source", what->source, "instead: a file of the server's import folder");
  command
      .add_option(
          "--retries",
          what->retries,
          "under --follow: how often a file is sent again after the server was cut off"
      )
      .capture_default();
}

}  // namespace mlgraph::cli
