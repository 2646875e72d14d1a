// mlgraph job …: background work.
#include <memory>

#include "cli/api.h"
#include "cli/event_line.h"
#include "cli/families.h"
#include "cli/follow.h"
#include "cli/json_view.h"
#include "cli/program.h"
#include "cli/result_file.h"
#include "cli/table.h"

namespace mlgraph::cli {
namespace {

using base::Json;

constexpr std::size_t kListBarWidth = 12;

struct List {
  std::string index;
  std::string state;
};

std::string show_jobs(const Context& context, const Json& answer) {
  Table table({"JOB", "TYPE", "INDEX", "STATE", "STARTED", "PROGRESS"});
  for (const auto& job : items_of(answer, "jobs")) {
    const auto& error = child(job, "error");
    table.row(
        {text_of(job, "jobId"),
         text_of(job, "jobType"),
         text_of(job, "index"),
         text_of(job, "state"),
         text_of(job, "started_at"),
         error.is_null() ? progress_bar(job, kListBarWidth)
                         : text_of(error, "code") + ": " + text_of(error, "message")}
    );
  }
  return table.empty() ? "no jobs\n" : table.text(context.terminal);
}

std::string show_job(const Context&, const Json& job) {
  std::string text = fmt::format(
      "job       {}\ntype      {}\nindex     {}\nstate     {}\nphase     {}\nprogress  {}\n"
      "started   {}\nfinished  {}\nrefused   {} rows\n",
      text_of(job, "jobId"),
      text_of(job, "jobType"),
      text_of(job, "index"),
      text_of(job, "state"),
      text_of(job, "phase"),
      progress_bar(job, kListBarWidth),
      text_of(job, "started_at"),
      text_of(job, "finished_at"),
      commas_of(job, "failed")
  );
  for (const auto& error : items_of(job, "errors"))
    text +=
        fmt::format("          row {}: {}\n", count_of(error, "row"), text_of(error, "message"));
  if (const auto& error = child(job, "error"); !error.is_null())
    text += fmt::format("error     {}: {}\n", text_of(error, "code"), text_of(error, "message"));
  return text;
}

int list(const Context& context, const List& what) {
  std::string target = api_path({"jobs"}) + "?";
  if (!what.index.empty()) target += "index=" + client::encode_component(what.index) + "&";
  if (!what.state.empty()) target += "state=" + client::encode_component(what.state);
  return get_and_show(context, target, show_jobs);
}

int cancel(const Context& context, const std::string& id) {
  const auto done = "asked " + safe(id) + " to stop";
  return call_and_tell(context, "POST", api_path({"jobs", id, "cancel"}), "{}", done);
}

int fetch(const Context& context, const std::string& id, const std::string& file) {
  if (const auto got = download_result(context, id, file); !got) return report(got.error());
  return kOk;
}

}  // namespace

void add_job_commands(Program& program) {
  const auto group =
      program.group(program.root(), "job", "background work: imports, trainings, exports");
  const auto what = std::make_shared<List>();
  auto listed = program.command(
      group,
      "list",
      "running jobs and the last ones that ended",
      [what](const Context& context) { return list(context, *what); }
  );
  listed.add_option("--index", what->index, "only this index's").type_name(kIndexName);
  listed.add_option("--state", what->state, "only those in this state")
      .one_of({"queued", "running", "completed", "failed"});

  const auto id = std::make_shared<std::string>();
  const auto of_one = [&](const char* verb, const char* help, Program::Action action) {
    auto command = program.command(group, verb, help, std::move(action));
    command.add_option("job", *id, "its jobId").required().type_name(kJobName);
    return command;
  };
  of_one("show", "one job with its refused rows", [id](const Context& context) {
    return get_and_show(context, api_path({"jobs", *id}), show_job);
  });
  of_one(
      "follow",
      "show its progress until it has ended; the exit code says how",
      [id](const Context& context) { return follow_to_the_end(context, *id); }
  );
  of_one("cancel", "ask it to stop", [id](const Context& context) { return cancel(context, *id); });
  const auto file = std::make_shared<std::string>();
  of_one(
      "result",
      "fetch the file that it has made",
      [id, file](const Context& context) { return fetch(context, *id, *file); }
  )
      .add_option("-o,--output", *file, "file to write; - is standard output")
      .required()
      .type_name(kFileName);
}

}  // namespace mlgraph::cli
