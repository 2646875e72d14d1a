#pragma once
#include <algorithm>
#include <map>

#include "base/mutex.h"
#include "store/log.h"

namespace mlgraph::testing {

/// The log in memory; a test may make appends fail and drop old entries. Threads: shared.
class MemoryLog final : public store::Log {
 public:
  [[nodiscard]] const std::string& epoch() const override { return epoch_; }
  [[nodiscard]] std::uint64_t tail() const override {
    base::MutexLock lock(mutex_);
    return oldest_ + entries_.size() - 1;
  }
  [[nodiscard]] std::uint64_t oldest() const override {
    base::MutexLock lock(mutex_);
    return oldest_;
  }
  [[nodiscard]] base::Result<model::Fold> load_state() const override {
    base::MutexLock lock(mutex_);
    return fold_;
  }
  [[nodiscard]] base::Result<void> append(
      std::span<const std::shared_ptr<const model::Entry>> entries, model::Fold& fold_after
  ) override {
    base::MutexLock lock(mutex_);
    if (fail_next_ > 0) {
      --fail_next_;
      return base::fail(base::ErrorCode::kNoSpace, "the disk is full, says the test");
    }
    fold_after.take_changes([](const std::string&, const std::string&) {});
    entries_.insert(entries_.end(), entries.begin(), entries.end());
    fold_ = fold_after;
    return {};
  }
  [[nodiscard]] base::Result<std::vector<std::shared_ptr<const model::Entry>>> read(
      std::uint64_t from, std::size_t bytes_max
  ) const override {
    base::MutexLock lock(mutex_);
    if (from < oldest_)
      return base::fail(base::ErrorCode::kCursorExpired, "{} is older than {}", from, oldest_);
    std::vector<std::shared_ptr<const model::Entry>> found;
    std::size_t bytes = 0;
    for (std::size_t i = from - oldest_; i < entries_.size() && bytes < bytes_max; ++i) {
      bytes += entries_[i]->public_json.size();
      found.push_back(entries_[i]);
    }
    return found;
  }
  /// In blocks of 8 entries, so that small tests pass over some.
  [[nodiscard]] std::uint64_t next_with(
      std::uint64_t from, std::uint64_t last, std::span<const store::Sought> sought
  ) const override {
    constexpr std::uint64_t kBlock = 8;
    base::MutexLock lock(mutex_);
    const std::uint64_t end = oldest_ + entries_.size();
    while (from >= oldest_ && from <= last) {
      const std::uint64_t block_end = (from / kBlock + 1) * kBlock;
      if (block_end > end) break;  // not complete
      store::BlockSummary summary;
      for (auto seq = std::max(oldest_, block_end - kBlock); seq < block_end; ++seq)
        summary.add(entries_[seq - oldest_]->kind, entries_[seq - oldest_]->entity);
      if (summary.may_hold_any(sought)) break;
      from = block_end;
    }
    return std::min(from, last + 1);
  }
  base::Result<void> trim(base::Timestamp) override { return {}; }

  [[nodiscard]] base::Result<Config> config_get(const std::string& key) const override {
    base::MutexLock lock(mutex_);
    const auto it = config_.find(key);
    return it == config_.end() ? Config{} : it->second;
  }
  [[nodiscard]] base::Result<std::vector<std::pair<std::string, Config>>> config_list(
      const std::string& prefix
  ) const override {
    base::MutexLock lock(mutex_);
    std::vector<std::pair<std::string, Config>> all;
    for (const auto& [key, value] : config_)
      if (key.starts_with(prefix)) all.emplace_back(key, value);
    return all;
  }
  [[nodiscard]] base::Result<std::uint64_t> config_put(
      const std::string& key, const std::string& value, std::uint64_t expected
  ) override {
    base::MutexLock lock(mutex_);
    auto& slot = config_[key];
    if (slot.revision != expected)
      return base::fail(base::ErrorCode::kConflict, "{} is at revision {}", key, slot.revision);
    slot = {expected + 1, value};
    return slot.revision;
  }
  [[nodiscard]] base::Result<void> config_delete(const std::string& key, std::uint64_t expected)
      override {
    base::MutexLock lock(mutex_);
    const auto it = config_.find(key);
    if (it == config_.end() || it->second.revision != expected)
      return base::fail(base::ErrorCode::kConflict, "{} is at another revision", key);
    config_.erase(it);
    return {};
  }

  /// The next `n` appends fail as a full disk does.
  void fail_appends(int n) {
    base::MutexLock lock(mutex_);
    fail_next_ = n;
  }
  /// Retention: entries below `seq` are gone.
  void drop_before(std::uint64_t seq) {
    base::MutexLock lock(mutex_);
    while (oldest_ < seq && !entries_.empty()) {
      entries_.erase(entries_.begin());
      ++oldest_;
    }
  }

 private:
  const std::string epoch_ = "testepoch";
  mutable base::Mutex mutex_;
  std::vector<std::shared_ptr<const model::Entry>> entries_ MLG_GUARDED_BY(mutex_);
  std::uint64_t oldest_ MLG_GUARDED_BY(mutex_) = 1;
  model::Fold fold_ MLG_GUARDED_BY(mutex_);
  std::map<std::string, Config> config_ MLG_GUARDED_BY(mutex_);
  int fail_next_ MLG_GUARDED_BY(mutex_) = 0;
};

}  // namespace mlgraph::testing
