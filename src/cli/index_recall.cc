// mlgraph index recall: how many of the nearest its searches find.
#include <memory>
#include <thread>

#include "base/clock.h"
#include "cli/api.h"
#include "cli/families.h"
#include "cli/follow.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/program.h"

namespace mlgraph::cli {
namespace {

using base::Json;

struct Recall {
  std::string index;
  bool follow = false;
  std::optional<std::uint64_t> samples;
  std::optional<std::uint64_t> k;
  std::optional<std::uint64_t> nprobe;
  std::optional<std::uint64_t> ef;
};

std::int64_t time_of(const Json& object, const char* key) {
  return base::parse_timestamp(text_of(object, key)).value_or(base::Timestamp{}).ms;
}

/// The sample that tells what this job has measured. Samples are of each second, and only those
/// that differ from the last or tell of searches are made: one from before the job's end is the
/// job's own once others would have come.
std::optional<double> recall_in(const Json& state, const Json& job) {
  constexpr std::int64_t kSampledMs = 3'000;
  const auto finished = time_of(job, "finished_at");
  const bool all_sampled = time_of(state, "timestamp") - finished > kSampledMs;
  for (const auto& sample : items_of(child(state, "data"), "metrics"))
    if (text_of(sample, "index") == text_of(job, "index") && sample.find("recall") &&
        (all_sampled || time_of(sample, "timestamp") > finished))
      return number_of(sample, "recall");
  return {};
}

int tell_recall(const Context& context, const Json& job) {
  constexpr int kAttempts = 20;
  constexpr std::chrono::milliseconds kBetween{250};
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kBetween);
    const auto state = context.http().json("GET", api_path({"state"}) + "?channels=metrics.search");
    if (!state && state.error().code == base::ErrorCode::kForbidden) break;
    if (!state) return report(state.error());
    if (const auto recall = recall_in(*state, job))
      return emit(fmt::format("recall {:.4f}\n", *recall));
  }
  note("-- metrics.search does not show the recall yet");
  return kOk;
}

int measure_recall(const Context& context, const Recall& what) {
  const auto body = json_object([&](auto& out) {
    if (what.samples) out.member("samples", *what.samples);
    if (what.k) out.member("k", *what.k);
    if (what.nprobe) out.member("nprobe", *what.nprobe);
    if (what.ef) out.member("ef", *what.ef);
  });
  const auto target = api_path({"indices", what.index, "recall"});
  const auto begun = context.http().json("POST", target, body);
  if (!begun) return report(begun.error());
  const auto id = text_of(*begun, "jobId");
  if (!what.follow) return emit((context.json ? json_text(*begun) : id) + "\n");
  const auto job = show_to_the_end(context, id);
  if (!job) return report(job.error());
  const int code = tell_end(*job);
  return code != kOk || context.json ? code : tell_recall(context, *job);
}

}  // namespace

void add_index_recall(Program& program) {
  const auto group = program.root().below("index");
  const auto recall = std::make_shared<Recall>();
  auto measured = program.command(
      group,
      "recall",
      "measure how many of the nearest its searches find",
      [recall](const Context& context) { return measure_recall(context, *recall); }
  );
  measured.add_option("index", recall->index, "the index").required().type_name(kIndexName);
  measured.add_flag("--follow", recall->follow, "wait for the measurement and print it");
  measured.add_option("--samples", recall->samples, "vectors that are searched for (100)");
  measured.add_option("-k", recall->k, "nearest that are compared (10)");
  measured.add_option("--nprobe", recall->nprobe, "lists to probe");
  measured.add_option("--ef", recall->ef, "near vertices to keep in a graph");
}

}  // namespace mlgraph::cli
