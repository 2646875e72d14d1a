// mlgraph index …: what runs as a job, and the files that jobs make and take.
#include <filesystem>
#include <fstream>
#include <memory>

#include "cli/api.h"
#include "cli/families.h"
#include "cli/follow.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/result_file.h"

namespace mlgraph::cli {
namespace {

using base::Json;

struct Begin {
  std::string index;
  bool follow = false;
};

struct Export {
  std::string index;
  std::string file;
  std::string format = "jsonl";
  std::string filter;
  bool gzip = false;
  bool zstd = false;
};

struct Restore {
  std::string file;
  std::string source;
  std::string as;
};

/// Prints the id of a job that has begun, or follows it.
int begin(const Context& context, const std::string& target, const std::string& body, bool follow) {
  const auto job = context.http().json("POST", target, body);
  if (!job) return report(job.error());
  const auto id = text_of(*job, "jobId");
  if (follow) return follow_to_the_end(context, id);
  return emit((context.json ? json_text(*job) : id) + "\n");
}

/// Begins a job that makes a file, waits for its end without a word, and fetches the file.
int make_file(
    const Context& context,
    const std::string& target,
    const std::string& body,
    const std::string& file,
    const char* done
) {
  const auto begun = context.http().json("POST", target, body);
  if (!begun) return report(begun.error());
  const auto id = text_of(*begun, "jobId");
  const auto job = JobFollower(context, id, nullptr).run();
  if (!job) return report(job.error());
  if (const int code = tell_end(**job); code != kOk) return code;
  if (const auto got = download_result(context, id, file); !got) return report(got.error());
  if (file == "-") return kOk;
  if (context.json) return emit(json_text(**job) + "\n");
  return emit(fmt::format("{} {} vectors to {}\n", done, commas_of(**job, "processed"), file));
}

int export_index(const Context& context, const Export& what) {
  if (!what.filter.empty())
    if (const auto parsed = base::parse_json(what.filter); !parsed) return report(parsed.error());
  const auto body = json_object([&](auto& out) {
    out.member("format", what.format);
    out.member("compression", what.gzip ? "gzip" : what.zstd ? "zstd" : "none");
    if (!what.filter.empty()) {
      out.key("filter");
      out.raw(what.filter);
    }
  });
  return make_file(
      context, api_path({"indices", what.index, "export"}), body, what.file, "exported"
  );
}

int restore_index(const Context& context, const Restore& what) {
  std::string target = api_path({"restore"});
  if (!what.as.empty()) target += "?index=" + client::encode_component(what.as);
  base::Result<Json> job;
  if (!what.source.empty()) {
    job = context.http().json("POST", target, json_object([&](auto& out) {
                                out.member("source", what.source);
                              }));
  } else {
    std::ifstream in(what.file, std::ios::binary);
    std::error_code ec;
    const auto size = std::filesystem::file_size(what.file, ec);
    if (!in || ec)
      return report({base::ErrorCode::kInvalidValue, "cannot read " + safe(what.file), {}, {}});
    const auto answer =
        context.http().upload(target, {"application/vnd.mlgraph.snapshot"}, in, size);
    if (!answer) return report(answer.error());
    job = job_of(*answer);
  }
  if (!job) return report(job.error());
  const auto ended = JobFollower(context, text_of(*job, "jobId"), nullptr).run();
  if (!ended) return report(ended.error());
  if (const int code = tell_end(**ended); code != kOk) return code;
  return emit(
      context.json ? json_text(**ended) + "\n"
                   : fmt::format(
                         "restored {} vectors as {}\n",
                         commas_of(**ended, "processed"),
                         text_of(**ended, "index")
                     )
  );
}

}  // namespace

void add_index_jobs(Program& program) {
  const auto group = program.root().below("index");
  const auto simple = [&](const char* verb, const char* help) {
    const auto what = std::make_shared<Begin>();
    auto command = program.command(group, verb, help, [what, verb](const Context& context) {
      return begin(context, api_path({"indices", what->index, verb}), "{}", what->follow);
    });
    command.add_option("index", what->index, "the index").required().type_name(kIndexName);
    command.add_flag("--follow", what->follow, "show its progress until it has ended");
  };
  simple("train", "train an index now, whatever its thresholds");
  simple("merge", "merge its shards into one part on disk now");
  simple("compact", "give back the places of deleted vectors now");

  add_index_recall(program);

  const auto out = std::make_shared<Export>();
  auto exported =
      program.command(group, "export", "its vectors as a file", [out](const Context& context) {
        return export_index(context, *out);
      });
  exported.add_option("index", out->index, "the index").required().type_name(kIndexName);
  exported.add_option("-o,--output", out->file, "file to write; - is standard output")
      .required()
      .type_name(kFileName);
  exported.add_option("--format", out->format, "jsonl, or npy: values without ids and metadata")
      .one_of({"jsonl", "npy"})
      .capture_default();
  exported.add_option("--filter", out->filter, "only what matches").type_name("JSON");
  const auto gzip = exported.add_flag("--gzip", out->gzip, "compress with gzip");
  exported.add_flag("--zstd", out->zstd, "compress with zstd").excludes(gzip);

  auto snapshot = program.command(
      group,
      "snapshot",
      "a file that makes the same index elsewhere: settings and vectors of one moment",
      [out](const Context& context) {
        const auto target = api_path({"indices", out->index, "snapshot"});
        return make_file(context, target, "{}", out->file, "wrote a snapshot of");
      }
  );
  snapshot.add_option("index", out->index, "the index").required().type_name(kIndexName);
  snapshot.add_option("-o,--output", out->file, "file to write; - is standard output")
      .required()
      .type_name(kFileName);

  const auto in = std::make_shared<Restore>();
  auto restored =
      program
          .command(group, "restore", "make an index from a snapshot", [in](const Context& context) {
            if (in->file.empty() == in->source.empty())
              return report(
                  {base::ErrorCode::kInvalidValue,
                   "index restore takes FILE or --source, one of both",
                   {},
                   {}}
              );
            return restore_index(context, *in);
          });
  restored.add_option("file", in->file, "the snapshot").type_name(kFileName);
  restored.add_option("--source", in->source, "instead: a file of the server's import folder");
  restored.add_option("--as", in->as, "the new index's name (else the snapshot's own)");
}

}  // namespace mlgraph::cli
