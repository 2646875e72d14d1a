#include "work/train_job.h"

#include "base/log.h"

namespace mlgraph::work {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr auto kAfterFailure = std::chrono::seconds(30);

/// How far a shard is, all phases together: k-means and assignment take nearly all the time.
double overall(std::string_view phase, double fraction) {
  if (phase == "training") return 0.5 * fraction;
  if (phase == "assigning") return 0.5 + 0.4 * fraction;
  if (phase == "calibrating") return 0.9 + 0.08 * fraction;
  return 0.98;
}

}  // namespace

Result<void> run_training(
    index::Engine& engine,
    jobs::JobHandle& job,
    const std::vector<std::uint32_t>& shards,
    model::Reason reason
) {
  MLG_TRY(stats, engine.stats(job.index()));
  std::uint64_t total = 0;
  for (const auto shard : shards) total += stats.shards.at(shard).vectors;
  job.set_total(total);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const auto progress = [&](std::string_view phase, double fraction) {
      job.set_phase(std::string(phase));
      job.set_fraction(
          (static_cast<double>(i) + overall(phase, fraction)) / static_cast<double>(shards.size())
      );
      return !job.cancelled();
    };
    MLG_TRY_VOID(engine.train(job.index(), shards[i], reason, job.id(), progress));
    job.add_processed(stats.shards.at(shards[i]).vectors);
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
