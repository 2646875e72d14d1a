#include "work/train_job.h"

#include <algorithm>
#include <cmath>

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr auto kAfterFailure = std::chrono::seconds(30);

/// What a training takes, in comparisons of two vectors, by the phases that index/trainer.h states:
/// rounds of k-means over a sample and the assignment of every row compare with all centroids, the
/// calibration compares queries with every row. Where the engine does it a little otherwise, the
/// phases' shares are a little off; their sum is done when the training is.
class Effort {
 public:
  Effort(std::uint64_t rows, std::uint32_t num_centroids) {
    constexpr std::uint64_t kSample = 50'000, kRounds = 10, kQueries = 1'000;
    const auto automatic = static_cast<std::uint64_t>(4 * std::sqrt(static_cast<double>(rows)));
    const std::uint64_t lists = std::clamp<std::uint64_t>(
        num_centroids ? num_centroids : std::min(automatic, rows / 39),
        1,
        std::max<std::uint64_t>(rows, 1)
    );
    clustering_ = kRounds * std::min(rows, kSample) * lists;
    assigning_ = rows * lists;
    calibrating_ = std::min(rows / 5, kQueries) * rows;
  }
  [[nodiscard]] std::uint64_t whole() const { return clustering_ + assigning_ + calibrating_; }
  [[nodiscard]] std::uint64_t done(std::string_view phase, double fraction) const {
    const auto part = [&](std::uint64_t of) {
      return static_cast<std::uint64_t>(static_cast<double>(of) * std::clamp(fraction, 0.0, 1.0));
    };
    if (phase == "training") return part(clustering_);
    if (phase == "assigning") return clustering_ + part(assigning_);
    if (phase == "calibrating") return clustering_ + assigning_ + part(calibrating_);
    return whole();
  }

 private:
  std::uint64_t clustering_ = 0, assigning_ = 0, calibrating_ = 0;
};

}  // namespace

Result<void> run_training(
    index::Engine& engine,
    jobs::JobHandle& job,
    const std::vector<std::uint32_t>& shards,
    model::Reason reason
) {
  MLG_TRY(stats, engine.stats(job.index()));
  MLG_TRY(index, engine.get(job.index()));
  std::vector<Effort> efforts;
  std::uint64_t total = job.snapshot().processed;  // one job may train again what grew meanwhile
  for (const auto shard : shards) {
    efforts.emplace_back(stats.shards.at(shard).vectors, index.num_centroids);
    total += efforts.back().whole();
  }
  job.set_total(total);
  for (std::size_t i = 0; i < shards.size(); ++i) {
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
    MLG_TRY_VOID(engine.train(job.index(), shards[i], reason, job.id(), progress));
    tell(efforts[i].whole());
  }
  return {};
}

Result<model::Job> start_training(
    index::Engine& engine, jobs::Runner& runner, const std::string& index
) {
  MLG_TRY(shards, engine.shards_to_train(index, true));
  if (shards.empty())
    return fail(
        ErrorCode::kConflict,
        "index '{}' has no shard to train: all are empty or already in training",
        index
    );
  return runner.start(
      {"train", index, {}, {}, "starting", {}},
      [&engine, index](jobs::JobHandle& job) -> Result<void> {
        MLG_TRY(now, engine.shards_to_train(index, true));
        return run_training(engine, job, now, model::Reason::kManual);
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
  const auto started =
      runner_.start({"train", index, {}, {}, "starting", {}}, [this, index](jobs::JobHandle& job) {
        return work(index, job);
      });
  if (!started) return forget(index, number);
  // A job cancelled while it was queued ends without its work having run.
  runner_.on_end(started->job_id, [this, index, number](const Result<model::Job>&) {
    forget(index, number);
  });
}

void TierKeeper::forget(const std::string& index, std::uint64_t number) {
  base::MutexLock lock(mutex_);
  const auto it = active_.find(index);
  if (it == active_.end() || it->second.number != number) return;
  active_.erase(it);
  not_before_[index] = clock_.steady_now() + kAfterFailure;
}

Result<void> TierKeeper::work(const std::string& index, jobs::JobHandle& job) {
  Result<void> outcome;
  for (bool more = true; more;) {
    const auto shards = engine_.shards_to_train(index, false);
    if (!shards)
      outcome = tl::unexpected(shards.error());
    else if (!shards->empty())
      outcome = run_training(engine_, job, *shards, model::Reason::kThresholdReached);
    base::MutexLock lock(mutex_);
    auto& active = active_[index];
    more = outcome && active.again;
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
