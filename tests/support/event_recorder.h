#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/mutex.h"
#include "model/alert.h"
#include "model/entry.h"
#include "model/job.h"
#include "store/committer.h"

namespace mlgraph::testing {

/// Every durable entry in the order it was published, to be asked and waited for.
/// Threads: shared. Lifetime: longer than the committer it listens to.
class EventRecorder {
 public:
  using Entries = std::vector<std::shared_ptr<const model::Entry>>;

  void listen_to(store::Committer& committer) {
    committer.add_sink([this](std::span<const std::shared_ptr<const model::Entry>> entries) {
      {
        base::MutexLock lock(mutex_);
        entries_.insert(entries_.end(), entries.begin(), entries.end());
      }
      came_.notify_all();
    });
  }
  /// All entries about `entity` (empty: about anything) so far.
  [[nodiscard]] Entries of(const std::string& entity = {}) const {
    base::MutexLock lock(mutex_);
    Entries found;
    for (const auto& entry : entries_)
      if (entity.empty() || entry->entity == entity) found.push_back(entry);
    return found;
  }
  [[nodiscard]] std::size_t size() const {
    base::MutexLock lock(mutex_);
    return entries_.size();
  }
  /// Waits until `n` entries of `kind` about `entity` have come; false when they do not.
  [[nodiscard]] bool wait_for(const std::string& entity, model::EventKind kind, std::size_t n = 1) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    base::MutexLock lock(mutex_);
    for (;;) {
      std::size_t found = 0;
      for (const auto& entry : entries_)
        if (entry->kind == kind && entry->entity == entity) ++found;
      if (found >= n) return true;
      if (std::chrono::steady_clock::now() >= deadline) return false;
      static_cast<void>(came_.wait_until(mutex_, deadline));
    }
  }

 private:
  mutable base::Mutex mutex_;
  base::CondVar came_;
  Entries entries_ MLG_GUARDED_BY(mutex_);
};

/// Returns once everything submitted before has been published or refused.
inline void flush(store::Committer& committer) {
  static_cast<void>(committer.commit([](store::Decision&) { return base::Result<void>{}; }));
}

/// "job.started" …: what happened, in order.
[[nodiscard]] inline std::vector<std::string> types_of(const EventRecorder::Entries& entries) {
  std::vector<std::string> types;
  for (const auto& entry : entries) types.emplace_back(model::type_name(entry->kind));
  return types;
}

[[nodiscard]] inline model::Job job_in(const model::Entry& entry) {
  return model::parse_job(base::parse_json(model::data_of(entry)).value()).value();
}
[[nodiscard]] inline model::Alert alert_in(const model::Entry& entry) {
  return model::parse_alert(base::parse_json(model::data_of(entry)).value()).value();
}

/// The code of a refusal; kInternal when there was none.
template <typename T>
[[nodiscard]] base::ErrorCode code_of(const base::Result<T>& result) {
  return result ? base::ErrorCode::kInternal : result.error().code;
}

}  // namespace mlgraph::testing
