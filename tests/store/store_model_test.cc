// Random commands, groups, failing disks and restarts beside a model of plain maps: whatever is
// answered must follow from the answers before it, and the state must show exactly what was
// acknowledged. MLG_SEED replays a run, MLG_CYCLES sets how many there are.
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <gmock/gmock.h>

#include "store/seed.h"
#include "store/store_fixture.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::Result;
using model::EventKind;
using testing::json_of;
using testing::Store;

/// The state as it should be.
struct Model {
  std::uint64_t seq = 0;
  std::uint32_t next_number = 1;
  std::map<std::string, model::IndexRecord> indices;
  std::map<std::string, model::Job> jobs;
  std::map<std::string, model::Alert> alerts;

  void create(const model::Index& index) {
    indices[index.index_id] = {index, next_number++, {}, {}};
    ++seq;
  }
  /// Of an index's ended jobs the last 100 stay; of those that ended at once, by their ids.
  void put_job(const model::Job& job) {
    jobs[job.job_id] = job;
    ++seq;
    std::set<std::pair<base::Timestamp, std::string>> ended;
    for (const auto& [id, each] : jobs)
      if (each.ended() && each.index == job.index) ended.emplace(each.finished_at.value(), id);
    if (ended.size() > model::Fold::kEndedJobsPerIndex) jobs.erase(ended.begin()->second);
  }

  void expect_equal(const model::Fold& fold) const {
    ASSERT_EQ(fold.seq(), seq);
    ASSERT_EQ(fold.next_index_number(), next_number);
    ASSERT_EQ(fold.indices().size(), indices.size());
    for (const auto& [id, record] : fold.indices()) {
      const auto& mine = indices.at(id);
      ASSERT_EQ(json_of(record->object), json_of(mine.object));
      ASSERT_EQ(record->number, mine.number);
      ASSERT_EQ(record->private_json, mine.private_json);
      ASSERT_EQ(record->parts, mine.parts);
    }
    ASSERT_EQ(fold.jobs().size(), jobs.size());
    for (const auto& [id, job] : fold.jobs()) ASSERT_EQ(*job, jobs.at(id));
    ASSERT_EQ(fold.alerts().size(), alerts.size());
    for (const auto& [id, alert] : fold.alerts())
      ASSERT_EQ(json_of(*alert), json_of(alerts.at(id)));
  }
};

class Scenario {
 public:
  explicit Scenario(std::uint64_t seed) : random_(seed) {}

  void play(int steps) {
    for (int step = 0; step < steps; ++step) {
      if (below(12) == 0) store_.log().fail_append(1 + static_cast<int>(below(3)));
      if (below(10) == 0) store_.clock.set_wall({store_.clock.wall_now().ms - 5'000});
      store_.clock.advance(std::chrono::milliseconds(below(3'000)));
      std::vector<Command> commands;
      std::vector<std::function<void(const Result<std::uint64_t>&)>> judges;
      for (auto n = 1 + below(20); n > 0; --n) add(commands, judges);
      const auto outcomes = store_.commit_together(std::move(commands));
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        judges[i](outcomes[i]);
        if (outcomes[i]) {
          ASSERT_EQ(*outcomes[i], model_.seq) << "an answer out of order, or a hole";
        }
      }
      ASSERT_NO_FATAL_FAILURE(model_.expect_equal(*store_.committer().state()));
      if (below(25) == 0) store_.reopen();
    }
    ASSERT_NO_FATAL_FAILURE(testing::expect_sound(store_.log()));
    store_.reopen();
    ASSERT_NO_FATAL_FAILURE(model_.expect_equal(*store_.committer().state()));
  }

 private:
  using Judges = std::vector<std::function<void(const Result<std::uint64_t>&)>>;

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  /// The timestamp of the group just committed: every entry in it has the same.
  base::Timestamp time_of_group() { return store_.committer().state()->timestamp(); }
  std::string some_index() { return "i" + std::to_string(below(5)); }

  /// A failed write explains any refusal; another must be the one that `model_` says.
  static void expect_refusal(const Result<std::uint64_t>& outcome, ErrorCode code, bool expected) {
    if (!outcome && outcome.error().code == ErrorCode::kNoSpace) return;
    ASSERT_EQ(!outcome, expected) << (outcome ? "taken" : outcome.error().message);
    if (!outcome) {
      ASSERT_EQ(outcome.error().code, code);
    }
  }

  void add(std::vector<Command>& commands, Judges& judges) {
    switch (below(9)) {
      case 0:
        return create(commands, judges);
      case 1:
        return drop(commands, judges);
      case 2:
        return move(commands, judges);
      case 3:
      case 4:
      case 5:
        return work(commands, judges);
      case 6:
        return alert(commands, judges);
      case 7:
        return fail_to_apply(commands, judges);
      default:
        commands.push_back(Store::checking());
        judges.push_back([](const auto& outcome) { expect_refusal(outcome, {}, false); });
    }
  }

  void create(std::vector<Command>& commands, Judges& judges) {
    const auto name = some_index();
    commands.push_back(Store::creating(name));
    judges.push_back([this, name](const auto& outcome) {
      expect_refusal(outcome, ErrorCode::kConflict, model_.indices.contains(name));
      if (outcome) model_.create(testing::an_index(name));
    });
  }

  /// Ends the index's jobs, resolves its alerts and deletes it, in one command.
  void drop(std::vector<Command>& commands, Judges& judges) {
    const auto name = some_index();
    commands.push_back([name](Decision& decision) -> Result<void> {
      const auto index = decision.state().index(name);
      if (!index) return base::fail(ErrorCode::kNotFound, "no {}", name);
      for (const auto& [id, job] : decision.state().jobs())
        if (job->index == name && !job->ended()) {
          auto failed = *job;
          failed.state = model::JobState::kFailed;
          failed.error_code = "cancelled";
          failed.finished_at = decision.now();
          decision.log(testing::job_event(EventKind::kJobFailed, failed));
        }
      for (const auto& [id, alert] : decision.state().alerts())
        if (alert->index == name) {
          auto resolved = *alert;
          resolved.open = false;
          resolved.severity = model::Severity::kResolved;
          decision.log(testing::alert_event(EventKind::kAlertResolved, resolved));
        }
      decision.log(testing::index_event(EventKind::kIndexDeleted, index->object));
      return {};
    });
    judges.push_back([this, name](const auto& outcome) {
      expect_refusal(outcome, ErrorCode::kNotFound, !model_.indices.contains(name));
      if (!outcome) return;
      std::vector<model::Job> cut;
      for (const auto& [id, job] : model_.jobs)
        if (job.index == name && !job.ended()) cut.push_back(job);
      for (auto& job : cut) {
        job.state = model::JobState::kFailed;
        job.error_code = "cancelled";
        job.finished_at = time_of_group();
        model_.put_job(job);
      }
      model_.seq +=
          std::erase_if(model_.alerts, [&](const auto& item) { return item.second.index == name; });
      model_.indices.erase(name);
      ++model_.seq;
    });
  }

  /// A shard's transition with its part, or an update of the index with private bytes.
  void move(std::vector<Command>& commands, Judges& judges) {
    const auto name = some_index();
    const auto vectors = below(1'000);
    const auto hidden = below(2) == 0 ? std::string() : fmt::format("{{\"v\":{}}}", vectors);
    const bool updates = below(2) == 0;
    commands.push_back([=](Decision& decision) -> Result<void> {
      const auto index = decision.state().index(name);
      if (!index) return base::fail(ErrorCode::kNotFound, "no {}", name);
      if (updates) {
        auto object = index->object;
        object.deleted = vectors;
        decision.log(testing::index_event(EventKind::kIndexUpdated, object, hidden));
      } else {
        decision.log(testing::moved(name, 0, model::ShardState::kTraining, vectors, hidden));
      }
      return {};
    });
    judges.push_back([=, this](const auto& outcome) {
      expect_refusal(outcome, ErrorCode::kNotFound, !model_.indices.contains(name));
      if (!outcome) return;
      auto& record = model_.indices[name];
      ++model_.seq;
      if (updates) {
        record.object.deleted = vectors;
        if (!hidden.empty()) record.private_json = hidden;
        return;
      }
      auto& shard = record.object.shards[0];
      shard.state = model::ShardState::kTraining;
      shard.vectors = record.object.vectors = vectors;
      shard.since = time_of_group();
      if (!hidden.empty()) record.parts[0] = hidden;
    });
  }

  /// A job starts, goes on or ends; some about an index, some about none.
  void work(std::vector<Command>& commands, Judges& judges) {
    const auto index = below(3) == 0 ? std::string() : some_index();
    auto job = testing::a_job("job-" + index + std::to_string(below(400)), index);
    job.processed = below(1'000'000);
    job.rate = static_cast<double>(below(1'000)) / 7;
    job.progress = static_cast<double>(below(1'000)) / 999;
    const bool ends = below(2) == 0;
    if (ends) job.state = model::JobState::kCompleted;
    commands.push_back([=](Decision& decision) mutable -> Result<void> {
      if (const auto old = decision.state().job(job.job_id); old && old->ended())
        return base::fail(ErrorCode::kConflict, "{} has ended", job.job_id);
      if (ends) job.finished_at = decision.now();
      decision.log(
          testing::job_event(ends ? EventKind::kJobCompleted : EventKind::kJobProgress, job)
      );
      return {};
    });
    judges.push_back([=, this](const auto& outcome) mutable {
      const auto old = model_.jobs.find(job.job_id);
      expect_refusal(
          outcome, ErrorCode::kConflict, old != model_.jobs.end() && old->second.ended()
      );
      if (ends) job.finished_at = time_of_group();
      if (outcome) model_.put_job(job);
    });
  }

  void alert(std::vector<Command>& commands, Judges& judges) {
    auto alert = testing::an_alert("alert-" + std::to_string(below(8)), some_index());
    const auto kind =
        static_cast<EventKind>(static_cast<std::uint64_t>(EventKind::kAlertWarning) + below(4));
    alert.severity = static_cast<model::Severity>(
        static_cast<int>(kind) - static_cast<int>(EventKind::kAlertWarning)
    );
    alert.open = kind == EventKind::kAlertWarning || kind == EventKind::kAlertError;
    commands.push_back(Store::logging({testing::alert_event(kind, alert)}));
    judges.push_back([=, this](const auto& outcome) {
      expect_refusal(outcome, {}, false);
      if (!outcome) return;
      ++model_.seq;
      if (alert.open)
        model_.alerts[alert.alert_id] = alert;
      else if (kind == EventKind::kAlertResolved)
        model_.alerts.erase(alert.alert_id);
    });
  }

  void fail_to_apply(std::vector<Command>& commands, Judges& judges) {
    commands.push_back(Store::logging(
        {testing::created("never"),
         testing::progress("never", 1),
         testing::moved("nowhere", 0, model::ShardState::kActive, 1)}
    ));
    judges.push_back([](const auto& outcome) {
      expect_refusal(outcome, ErrorCode::kInternal, true);
    });
  }

  std::mt19937_64 random_;
  Store store_;
  Model model_;
};

TEST(StoreModel, StateIsWhatWasAcknowledged) {
  auto seed = testing::seed();
  for (int cycle = testing::cycles(2); cycle > 0; --cycle, ++seed) {
    SCOPED_TRACE(fmt::format("MLG_SEED={}", seed));
    Scenario scenario(seed);
    scenario.play(500);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace mlgraph::store
