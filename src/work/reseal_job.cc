#include "work/reseal_job.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace mlgraph::work {
namespace {

using base::fail;
using base::Result;
using index::Resealing;

constexpr auto kAfterFailure = std::chrono::seconds(30);

/// What a resealing takes, in comparisons of two vectors, by the phases that index/part_builder.h
/// states. Where the engine does it a little otherwise, the phases' shares are a little off; their
/// sum is done when the work is.
class Effort {
 public:
  Effort(const model::Index& index, std::uint64_t rows, Resealing kind, bool flat) {
    constexpr std::uint64_t kPass = 100;    // to read, code or write a row
    constexpr std::uint64_t kLink = 2'000;  // to find a row's place in a graph
    constexpr std::uint64_t kRounds = 10, kSample = 50'000, kPerList = 16, kQueries = 1'000;
    const auto automatic = static_cast<std::uint64_t>(4 * std::sqrt(static_cast<double>(rows)));
    const std::uint64_t lists = std::clamp<std::uint64_t>(
        index.num_centroids ? index.num_centroids : std::min(automatic, rows / 39),
        1,
        std::max<std::uint64_t>(rows, 1)
    );
    const bool anew = kind == Resealing::kTrain || kind == Resealing::kMerge;
    const std::uint64_t queries = std::min(rows / 5, kQueries);
    if (kind == Resealing::kCompact && flat) {
      phases_ = {{"writing", rows * kPass}};
    } else if (index.index_type == "HNSW") {
      phases_ = {
          {"linking", rows * kLink},
          {"coding", rows * kPass},
          {"writing", rows * kPass},
          {"calibrating", queries * rows}};
    } else {
      if (anew)
        phases_ = {
            {"training", kRounds * std::min(rows, std::max(kSample, kPerList * lists)) * lists}};
      phases_.insert(
          phases_.end(),
          {{"assigning", rows * lists}, {"coding", rows * kPass}, {"writing", rows * kPass}}
      );
      if (anew) phases_.push_back({"calibrating", queries * rows});
    }
  }
  [[nodiscard]] std::uint64_t whole() const {
    std::uint64_t sum = 0;
    for (const auto& phase : phases_) sum += phase.effort;
    return sum;
  }
  [[nodiscard]] std::uint64_t done(std::string_view phase, double fraction) const {
    std::uint64_t before = 0;
    for (const auto& each : phases_) {
      if (each.name == phase)
        return before + static_cast<std::uint64_t>(
                            static_cast<double>(each.effort) * std::clamp(fraction, 0.0, 1.0)
                        );
      before += each.effort;
    }
    return before;  // the last one, "syncing", is told when it begins
  }

 private:
  struct Phase {
    std::string_view name;
    std::uint64_t effort;
  };
  std::vector<Phase> phases_;
};

/// By shard of what is to be resealed.
std::vector<Effort> efforts_of(
    const model::Index& index, const index::IndexStats& stats, const index::DueResealing& what
) {
  std::vector<Effort> efforts;
  for (const auto shard : what.shards) {
    const auto& of = stats.shards.at(shard);
    const bool of_all = what.kind == Resealing::kMerge || of.tier == model::Tier::kMerged;
    efforts.emplace_back(
        index, of_all ? stats.vectors : of.vectors, what.kind, of.tier == model::Tier::kIdmap
    );
  }
  return efforts;
}

}  // namespace

std::string job_type_of(Resealing kind) {
  switch (kind) {
    case Resealing::kTrain:
      return "train";
    case Resealing::kMigrate:
      return "migrate";
    case Resealing::kMerge:
      return "merge";
    case Resealing::kCompact:
      return "compact";
  }
  return {};
}

Result<void> run_resealing(
    index::Engine& engine,
    jobs::JobHandle& job,
    const index::DueResealing& what,
    model::Reason reason
) {
  MLG_TRY(stats, engine.stats(job.index()));
  MLG_TRY(index, engine.get(job.index()));
  const auto efforts = efforts_of(index, stats, what);
  std::uint64_t total = job.snapshot().processed;  // one job may do again what grew meanwhile
  for (const auto& effort : efforts) total += effort.whole();
  job.set_total(total);
  for (std::size_t i = 0; i < what.shards.size(); ++i) {
    std::uint64_t told = 0;
    const auto tell = [&](std::uint64_t done) {
      if (done > told) job.add_processed(done - told);
      told = std::max(told, done);
    };
    const auto progress = [&](std::string_view phase, double fraction) {
      job.set_phase(std::string(phase));
      tell(efforts[i].done(phase, fraction));
      return !job.cancelled();
    };
    MLG_TRY_VOID(engine.reseal(job.index(), what.kind, what.shards[i], reason, job.id(), progress));
    tell(efforts[i].whole());
  }
  return {};
}

Result<model::Job> start_resealing(
    index::Engine& engine, jobs::Runner& runner, const std::string& index, Resealing kind
) {
  MLG_TRY(any, engine.resealing_of(index, kind));
  return runner.start(
      {job_type_of(kind), index, {}, {}, "starting", {}},
      [&engine, index, kind](jobs::JobHandle& job) -> Result<void> {
        MLG_TRY(now, engine.resealing_of(index, kind));
        const auto reason = kind == Resealing::kMerge     ? model::Reason::kMerge
                            : kind == Resealing::kCompact ? model::Reason::kCompaction
                                                          : model::Reason::kManual;
        return run_resealing(engine, job, now, reason);
      }
  );
}

TierKeeper::TierKeeper(index::Engine& engine, jobs::Runner& runner, const base::Clock& clock)
    : engine_(engine), runner_(runner), clock_(clock) {
  engine_.on_threshold([this](const std::string& index, std::uint32_t) {
    return on_threshold(index);
  });
}

TierKeeper::~TierKeeper() { engine_.on_threshold(nullptr); }

bool TierKeeper::is_due(const std::string& index) const {
  const auto due = engine_.due_resealings(index);
  return due && !due->empty();
}

void TierKeeper::on_threshold(const std::string& index) {
  std::uint64_t number = 0;
  {
    base::MutexLock lock(mutex_);
    if (const auto it = active_.find(index); it != active_.end()) {
      it->second.again = true;
      return;
    }
    if (const auto it = not_before_.find(index);
        it != not_before_.end() && clock_.steady_now() < it->second)
      return;
    number = ++last_number_;
    active_[index] = {number, false};
  }
  const auto due = engine_.due_resealings(index);
  if (!due || due->empty()) {
    base::MutexLock lock(mutex_);
    active_.erase(index);
    return;
  }
  const Resealing kind = due->front().kind;
  const auto started = runner_.start(
      {job_type_of(kind), index, {}, {}, "starting", {}},
      [this, index, kind](jobs::JobHandle& job) { return work(index, kind, job); }
  );
  if (!started) return forget(index, number);
  // A job cancelled while it was queued ends without its work having run. What is due of another
  // kind is a job of its own.
  runner_.on_end(started->job_id, [this, index, number](const Result<model::Job>& ended) {
    forget(index, number);
    if (ended && ended->state == model::JobState::kCompleted && is_due(index)) on_threshold(index);
  });
}

void TierKeeper::forget(const std::string& index, std::uint64_t number) {
  base::MutexLock lock(mutex_);
  const auto it = active_.find(index);
  if (it == active_.end() || it->second.number != number) return;
  active_.erase(it);
  not_before_[index] = clock_.steady_now() + kAfterFailure;
}

Result<void> TierKeeper::work(const std::string& index, Resealing kind, jobs::JobHandle& job) {
  const auto reason = kind == Resealing::kCompact ? model::Reason::kCompaction
                      : kind == Resealing::kMerge ? model::Reason::kMerge
                                                  : model::Reason::kThresholdReached;
  Result<void> outcome;
  for (bool more = true; more;) {
    const auto due = engine_.due_resealings(index);
    if (!due) outcome = tl::unexpected(due.error());
    bool any = false;
    for (std::size_t i = 0; due && i < due->size() && outcome; ++i) {
      if ((*due)[i].kind != kind) continue;
      any = true;
      outcome = run_resealing(engine_, job, (*due)[i], reason);
    }
    base::MutexLock lock(mutex_);
    auto& active = active_[index];
    more = outcome && any && active.again;
    active.again = false;
    if (more) continue;
    active_.erase(index);
    if (outcome)
      not_before_.erase(index);
    else
      not_before_[index] = clock_.steady_now() + kAfterFailure;
  }
  return outcome;
}

}  // namespace mlgraph::work
