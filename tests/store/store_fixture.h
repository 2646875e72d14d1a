#pragma once
// A log with its committer, driven by verbs.
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/committer.h"
#include "store/drafts.h"
#include "store/log.h"
#include "store/temp_dir.h"
#include "support/manual_clock.h"

namespace mlgraph::testing {

/// The real log, but for appends that a test lets fail.
class FlakyLog final : public store::Log {
 public:
  explicit FlakyLog(std::unique_ptr<store::Log> log) : log_(std::move(log)) {}

  /// The `n`-th append from now on (1: the next) fails with `code`, once.
  void fail_append(int n, base::ErrorCode code = base::ErrorCode::kNoSpace) {
    code_ = code;
    fail_in_ = n;
  }
  [[nodiscard]] int appends() const { return appends_; }

  const std::string& epoch() const override { return log_->epoch(); }
  std::uint64_t tail() const override { return log_->tail(); }
  std::uint64_t oldest() const override { return log_->oldest(); }
  base::Result<model::Fold> load_state() const override { return log_->load_state(); }
  base::Result<void> append(
      std::span<const std::shared_ptr<const model::Entry>> entries, model::Fold& fold_after
  ) override {
    ++appends_;
    if (fail_in_ > 0 && --fail_in_ == 0) return base::fail(code_, "the test's disk");
    return log_->append(entries, fold_after);
  }
  base::Result<std::vector<std::shared_ptr<const model::Entry>>> read(
      std::uint64_t from, std::size_t bytes_max
  ) const override {
    return log_->read(from, bytes_max);
  }
  std::uint64_t next_with(
      std::uint64_t from, std::uint64_t last, std::span<const store::Sought> sought
  ) const override {
    return log_->next_with(from, last, sought);
  }
  base::Result<void> trim(base::Timestamp now) override { return log_->trim(now); }
  base::Result<Config> config_get(const std::string& key) const override {
    return log_->config_get(key);
  }
  base::Result<std::vector<std::pair<std::string, Config>>> config_list(const std::string& prefix
  ) const override {
    return log_->config_list(prefix);
  }
  base::Result<std::uint64_t> config_put(
      const std::string& key, const std::string& value, std::uint64_t expected
  ) override {
    return log_->config_put(key, value, expected);
  }
  base::Result<void> config_delete(const std::string& key, std::uint64_t expected) override {
    return log_->config_delete(key, expected);
  }

 private:
  const std::unique_ptr<store::Log> log_;
  std::atomic<int> fail_in_{0};
  std::atomic<int> appends_{0};
  std::atomic<base::ErrorCode> code_{base::ErrorCode::kNoSpace};
};

using Entries = std::vector<std::shared_ptr<const model::Entry>>;

/// All kept entries, read in small steps.
[[nodiscard]] inline Entries read_all(const store::Log& log, std::size_t step = 4'096) {
  Entries all;
  for (std::uint64_t from = log.oldest();;) {
    auto some = log.read(from, step);
    EXPECT_TRUE(some) << (some ? "" : some.error().message);
    if (!some || some->empty()) return all;
    from += some->size();
    all.insert(all.end(), some->begin(), some->end());
  }
}

/// What holds of every log that still has its first entry: seqs without a hole, timestamps that
/// never fall, each message with its own id, and a stored state that is the fold of the entries.
inline void expect_sound(const store::Log& log) {
  model::Fold fold;
  std::uint64_t seq = 0;
  for (const auto& entry : read_all(log)) {
    ASSERT_EQ(entry->seq, ++seq);
    ASSERT_GE(entry->timestamp, fold.timestamp());
    const auto id = model::format_cursor({log.epoch(), seq});
    ASSERT_TRUE(entry->public_json.ends_with(",\"id\":\"" + id + "\"}")) << entry->public_json;
    const auto applied = fold.apply(*entry);
    ASSERT_TRUE(applied) << applied.error().message;
  }
  ASSERT_EQ(seq, log.tail());
  const auto stored = log.load_state();
  ASSERT_TRUE(stored) << stored.error().message;
  ASSERT_EQ(text_of(*stored), text_of(fold));
}

/// Log and committer over a folder of their own.
class Store {
 public:
  explicit Store(store::Retention retention = {}, store::Committer::Options options = {})
      : retention_(retention), options_(options) {
    open();
  }
  ~Store() { close(); }

  void open() {
    auto opened = store::Log::open(dir.path(), retention_);
    MLG_CHECK(opened.has_value());
    log_ = std::make_unique<FlakyLog>(std::move(*opened));
    committer_ = std::make_unique<store::Committer>(*log_, clock, options_);
  }
  void close() {
    committer_.reset();
    log_.reset();
  }
  void reopen() {
    close();
    open();
  }

  [[nodiscard]] FlakyLog& log() { return *log_; }
  [[nodiscard]] store::Committer& committer() { return *committer_; }

  base::Result<std::uint64_t> commit(std::vector<model::Draft> drafts) {
    return committer_->commit(logging(std::move(drafts)));
  }
  base::Result<std::uint64_t> commit(model::Draft draft) {
    return commit(std::vector{std::move(draft)});
  }
  /// Refused with kConflict when the name is taken: the command every owner of names writes.
  static store::Command creating(const std::string& name) {
    return [name](store::Decision& decision) -> base::Result<void> {
      if (decision.state().index(name))
        return base::fail(base::ErrorCode::kConflict, "index '{}' exists", name);
      decision.log(created(name));
      return {};
    };
  }
  static store::Command logging(std::vector<model::Draft> drafts) {
    return [drafts = std::move(drafts)](store::Decision& decision) -> base::Result<void> {
      for (const auto& draft : drafts) decision.log(draft);
      return {};
    };
  }
  static store::Command checking() {
    return [](store::Decision&) -> base::Result<void> { return {}; };
  }

  /// Commits `commands` in one group: they are submitted while the committer is held busy with an
  /// earlier one. Answers in order of the commands.
  std::vector<base::Result<std::uint64_t>> commit_together(std::vector<store::Command> commands) {
    std::vector<std::promise<base::Result<std::uint64_t>>> promises(commands.size());
    {
      const Held held(*committer_);
      for (std::size_t i = 0; i < commands.size(); ++i)
        committer_->submit(std::move(commands[i]), [&promises, i](auto outcome) {
          promises[i].set_value(std::move(outcome));
        });
    }
    std::vector<base::Result<std::uint64_t>> outcomes;
    for (auto& promise : promises) outcomes.push_back(promise.get_future().get());
    return outcomes;
  }

  /// While it lives, the committer stands inside a command and decides no other.
  class Held {
   public:
    explicit Held(store::Committer& committer) {
      std::promise<void> entered;
      committer.submit(
          [&entered, released = release_.get_future().share()](store::Decision&) {
            entered.set_value();
            released.wait();
            return base::Result<void>{};
          },
          [](auto) {}
      );
      entered.get_future().wait();
    }
    ~Held() { release_.set_value(); }

   private:
    std::promise<void> release_;
  };

  TempDir dir;
  ManualClock clock;

 private:
  const store::Retention retention_;
  const store::Committer::Options options_;
  std::unique_ptr<FlakyLog> log_;
  std::unique_ptr<store::Committer> committer_;
};

/// The code of a refusal; fails the test when there was none.
template <typename T>
[[nodiscard]] base::ErrorCode refusal_of(const base::Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? base::ErrorCode::kInternal : result.error().code;
}

}  // namespace mlgraph::testing

namespace mlgraph::base {
/// How GoogleTest shows it.
inline void PrintTo(ErrorCode code, std::ostream* out) {
  *out << "code " << static_cast<int>(code);
}
}  // namespace mlgraph::base
