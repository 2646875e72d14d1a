#pragma once
// The disk of the simulation: the log in memory, kept across restarts, told to the oracle, and with
// the faults a log could have.
#include <algorithm>

#include "sim/faults.h"
#include "sim/history.h"
#include "support/memory_log.h"

namespace mlgraph::sim {

class SimLog final : public store::Log {
 public:
  SimLog(History& history, Faults& faults, Random& random, Transcript& transcript)
      : history_(history), faults_(faults), random_(random), transcript_(transcript) {}

  [[nodiscard]] const std::string& epoch() const override { return kept_.epoch(); }
  [[nodiscard]] std::uint64_t tail() const override { return kept_.tail(); }
  [[nodiscard]] std::uint64_t oldest() const override {
    const auto oldest = kept_.oldest();
    if (faults_.is(Fault::kOldestTooLow)) return 1;
    if (faults_.is(Fault::kOldestTooHigh)) return std::min(oldest + 2, kept_.tail() + 1);
    return oldest;
  }
  [[nodiscard]] base::Result<model::Fold> load_state() const override { return kept_.load_state(); }
  [[nodiscard]] base::Result<void> append(
      std::span<const std::shared_ptr<const model::Entry>> entries, model::Fold& fold_after
  ) override {
    if (faults_.strikes_once(Fault::kAppendForgotten, random_, 8)) {
      fold_after.take_changes([](const std::string&, const std::string&) {});
      history_.record(entries);
      forgot_ = true;
      return {};
    }
    auto written = kept_.append(entries, fold_after);
    if (written) history_.record(entries);
    return written;
  }
  [[nodiscard]] base::Result<std::vector<std::shared_ptr<const model::Entry>>> read(
      std::uint64_t from, std::size_t bytes_max
  ) const override {
    transcript_.note("the log is read from {}", from);
    auto found = kept_.read(from, bytes_max);
    if (found && found->size() > 2) spoil(*found);
    return found;
  }
  [[nodiscard]] std::uint64_t next_with(
      std::uint64_t from, std::uint64_t last, std::span<const store::Sought> sought
  ) const override {
    const auto next = kept_.next_with(from, last, sought);
    return faults_.is(Fault::kPassesTooMuch) && next > from ? std::min(next + 1, last + 1) : next;
  }
  base::Result<void> trim(base::Timestamp now) override { return kept_.trim(now); }

  [[nodiscard]] base::Result<Config> config_get(const std::string& key) const override {
    return kept_.config_get(key);
  }
  [[nodiscard]] base::Result<std::vector<std::pair<std::string, Config>>> config_list(
      const std::string& prefix
  ) const override {
    return kept_.config_list(prefix);
  }
  [[nodiscard]] base::Result<std::uint64_t> config_put(
      const std::string& key, const std::string& value, std::uint64_t expected
  ) override {
    return kept_.config_put(key, value, expected);
  }
  [[nodiscard]] base::Result<void> config_delete(const std::string& key, std::uint64_t expected)
      override {
    return kept_.config_delete(key, expected);
  }

  /// The truth, for the oracle.
  [[nodiscard]] std::uint64_t oldest_kept() const { return kept_.oldest(); }
  /// An append was acknowledged and not kept: the power fails before anything else is written.
  [[nodiscard]] bool forgot() const { return forgot_; }
  void fail_appends(int n) { kept_.fail_appends(n); }
  void drop_before(std::uint64_t seq) { kept_.drop_before(seq); }

 private:
  using Entries = std::vector<std::shared_ptr<const model::Entry>>;
  void spoil(Entries& found) const {
    const auto middle = 1 + random_.below(found.size() - 2);
    if (faults_.is(Fault::kReadLeavesOut))
      found.erase(found.begin() + static_cast<std::ptrdiff_t>(middle));
    if (faults_.is(Fault::kReadStale)) {
      auto stale = std::make_shared<model::Entry>(*found[middle]);
      stale->public_json = found[middle - 1]->public_json;
      found[middle] = std::move(stale);
    }
    if (faults_.is(Fault::kReadShortAtJoin) && found.back()->seq == kept_.tail())
      found.erase(found.end() - 2);
  }

  testing::MemoryLog kept_;
  History& history_;
  Faults& faults_;
  Random& random_;
  Transcript& transcript_;
  bool forgot_ = false;
};

}  // namespace mlgraph::sim
