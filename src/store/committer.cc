#include "store/committer.h"

#include <deque>
#include <future>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/mutex.h"
#include "store/log.h"

namespace mlgraph::store {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

struct Submission {
  Command command;
  Done done;
  base::SteadyTime submitted;
};

/// What became of one command of a group, until the group is durable.
struct Outcome {
  Done done;
  base::SteadyTime submitted;
  std::optional<base::Error> refusal;
  std::uint64_t seq = 0;  ///< of its last entry, or of the state it was decided on
};

constexpr auto kTrimEvery = std::chrono::seconds(5);

}  // namespace

class Committer::Impl {
 public:
  Impl(Log& log, const base::Clock& clock, const Options& options)
      : log_(log), clock_(clock), options_(options) {
    auto state = log.load_state();
    // The caller has opened this log: a state that does not load is a corrupt data directory, told
    // at once.
    if (!state) {
      base::log(base::LogLevel::kError, "the state does not load", "reason", state.error().message);
      MLG_CHECK(state.has_value());
    }
    tentative_ = *state;
    published_ = std::move(*state);
    next_trim_ = clock_.steady_now() + kTrimEvery;
    if (options_.executor) return;
    own_thread_.emplace(base::ThreadPool::Options{"committer", 1, 1, 0});
    options_.executor = &*own_thread_;
  }

  ~Impl() { stop(); }

  void add_sink(EntrySink sink) {
    base::MutexLock lock(mutex_);
    sinks_.push_back(std::move(sink));
  }

  void submit(Command command, Done done) {
    Submission submission{std::move(command), std::move(done), clock_.steady_now()};
    bool idle = false;
    if (auto refusal = enqueue(submission, idle))
      return submission.done(tl::unexpected(std::move(*refusal)));
    if (idle) MLG_CHECK(options_.executor->try_post([this] { run(); }));
  }

  std::shared_ptr<const model::Fold> state() const {
    base::MutexLock lock(state_mutex_);
    if (!snapshot_) snapshot_ = std::make_shared<const model::Fold>(published_);
    return snapshot_;
  }

  model::Cursor tail() const {
    base::MutexLock lock(state_mutex_);
    return {log_.epoch(), published_.seq()};
  }

  void stop() {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    while (running_ && own_thread_) idle_.wait(mutex_);
  }

 private:
  /// Takes the submission, or says why not and leaves it. `idle`: a step has to be posted for it.
  std::optional<base::Error> enqueue(Submission& submission, bool& idle) {
    base::MutexLock lock(mutex_);
    if (stopping_) return base::Error{ErrorCode::kShuttingDown, "the server is stopping", {}, {}};
    if (queue_.size() >= options_.queue_max)
      return base::Error{
          ErrorCode::kOverloaded,
          fmt::format("{} commands are waiting, the limit", options_.queue_max),
          {},
          100};
    queue_.push_back(std::move(submission));
    idle = !std::exchange(running_, true);
    return std::nullopt;
  }

  /// Until the queue is empty: groups, one after the other.
  void run() {
    for (;;) {
      std::vector<Submission> group;
      {
        base::MutexLock lock(mutex_);
        if (queue_.empty()) {
          running_ = false;
          idle_.notify_all();
          return;
        }
        while (!queue_.empty() && group.size() < options_.group_max) {
          group.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      commit_group(std::move(group));
      if (clock_.steady_now() >= next_trim_) trim();
    }
  }

  void trim() {
    if (auto trimmed = log_.trim(clock_.wall_now()); !trimmed)
      base::log(base::LogLevel::kWarn, "retention failed", "reason", trimmed.error().message);
    next_trim_ = clock_.steady_now() + kTrimEvery;
  }

  void commit_group(std::vector<Submission> group) {
    // Timestamps never fall along the log, whatever the wall clock does.
    const base::Timestamp now = std::max(clock_.wall_now(), tentative_.timestamp());
    std::vector<std::shared_ptr<const model::Entry>> entries;
    std::vector<Outcome> outcomes;
    outcomes.reserve(group.size());
    std::size_t bytes = 0;
    std::size_t taken = 0;
    for (; taken < group.size() && bytes < options_.group_bytes_max; ++taken)
      outcomes.push_back(decide(group[taken], now, entries, bytes));
    if (taken < group.size()) put_back(group, taken);

    if (!entries.empty()) {
      if (auto written = log_.append(entries, tentative_); !written) {
        base::log(base::LogLevel::kError, "a commit failed", "reason", written.error().message);
        tentative_ = published_copy();
        // Also a refusal or a check is void when it saw entries that are dropped now.
        for (auto& outcome : outcomes)
          if (outcome.seq > tentative_.seq()) outcome.refusal = written.error();
        entries.clear();
      }
    }
    if (!entries.empty()) publish(entries);
    for (auto& outcome : outcomes) {
      if (options_.observe) options_.observe(clock_.steady_now() - outcome.submitted);
      if (outcome.refusal)
        outcome.done(tl::unexpected(std::move(*outcome.refusal)));
      else
        outcome.done(outcome.seq);
    }
  }

  Outcome decide(
      Submission& submission,
      base::Timestamp now,
      std::vector<std::shared_ptr<const model::Entry>>& entries,
      std::size_t& bytes
  ) {
    Outcome outcome{std::move(submission.done), submission.submitted, {}, tentative_.seq()};
    std::vector<model::Draft> drafts;
    Decision decision(tentative_, now, drafts);
    if (auto decided = submission.command(decision); !decided) {
      outcome.refusal = std::move(decided).error();
      return outcome;
    }
    // A command is all or nothing: a draft that does not apply takes the ones before it back.
    const std::size_t entries_before = entries.size();
    for (auto& draft : drafts) {
      auto entry = std::make_shared<model::Entry>();
      entry->seq = tentative_.seq() + 1;
      entry->timestamp = now;
      entry->kind = draft.kind;
      entry->entity = std::move(draft.entity);
      entry->index = std::move(draft.index);
      entry->private_json = std::move(draft.private_json);
      entry->public_json = model::encode_event(
          draft.kind, now, draft.data_json, model::format_cursor({log_.epoch(), entry->seq})
      );
      if (auto applied = tentative_.apply(*entry); !applied) {
        if (entries.size() > entries_before) {
          entries.resize(entries_before);
          fold_again(entries);
        }
        outcome.seq = tentative_.seq();
        outcome.refusal = base::Error{
            ErrorCode::kInternal, "an event does not apply: " + applied.error().message, {}, {}};
        base::log(
            base::LogLevel::kError, "an event does not apply", "reason", applied.error().message
        );
        return outcome;
      }
      bytes += entry->public_json.size() + entry->private_json.size();
      outcome.seq = entry->seq;
      entries.push_back(std::move(entry));
    }
    return outcome;
  }

  /// The state as it was before a command that failed halfway: rare, so that the others pay
  /// nothing.
  void fold_again(const std::vector<std::shared_ptr<const model::Entry>>& entries) {
    tentative_ = published_copy();
    for (const auto& entry : entries) MLG_CHECK(tentative_.apply(*entry).has_value());
  }

  void put_back(std::vector<Submission>& group, std::size_t from) {
    base::MutexLock lock(mutex_);
    for (std::size_t i = group.size(); i > from; --i) queue_.push_front(std::move(group[i - 1]));
  }

  model::Fold published_copy() const {
    base::MutexLock lock(state_mutex_);
    return published_;
  }

  void publish(const std::vector<std::shared_ptr<const model::Entry>>& entries) {
    {
      base::MutexLock lock(state_mutex_);
      published_.follow(tentative_);
      snapshot_.reset();
    }
    std::vector<EntrySink> sinks;
    {
      base::MutexLock lock(mutex_);
      sinks = sinks_;
    }
    for (const auto& sink : sinks) sink(entries);
  }

  Log& log_;
  const base::Clock& clock_;
  Options options_;
  // Of the step that runs, one at a time.
  model::Fold tentative_;
  base::SteadyTime next_trim_;

  mutable base::Mutex mutex_;
  base::CondVar idle_;
  bool running_ MLG_GUARDED_BY(mutex_) = false;  // a step is posted or runs
  std::deque<Submission> queue_ MLG_GUARDED_BY(mutex_);
  std::vector<EntrySink> sinks_ MLG_GUARDED_BY(mutex_);
  bool stopping_ MLG_GUARDED_BY(mutex_) = false;

  mutable base::Mutex state_mutex_;
  model::Fold published_ MLG_GUARDED_BY(state_mutex_);
  mutable std::shared_ptr<const model::Fold> snapshot_ MLG_GUARDED_BY(state_mutex_);
  std::optional<base::ThreadPool> own_thread_;
};

Committer::Committer(Log& log, const base::Clock& clock, const Options& options)
    : impl_(std::make_unique<Impl>(log, clock, options)) {}
Committer::~Committer() = default;
void Committer::add_sink(EntrySink sink) { impl_->add_sink(std::move(sink)); }
void Committer::submit(Command command, Done done) {
  impl_->submit(std::move(command), std::move(done));
}
std::shared_ptr<const model::Fold> Committer::state() const { return impl_->state(); }
model::Cursor Committer::tail() const { return impl_->tail(); }
void Committer::stop() { impl_->stop(); }

Result<std::uint64_t> Committer::commit(Command command) {
  std::promise<Result<std::uint64_t>> promise;
  auto answer = promise.get_future();
  submit(std::move(command), [&promise](Result<std::uint64_t> outcome) {
    promise.set_value(std::move(outcome));
  });
  return answer.get();
}

}  // namespace mlgraph::store
