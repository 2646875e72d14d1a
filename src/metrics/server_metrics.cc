#include "metrics/server_metrics.h"

namespace mlgraph::metrics {

std::shared_ptr<IndexMetrics> ServerMetrics::index(const std::string& name) {
  base::MutexLock lock(mutex_);
  auto& slot = indices_[name];
  if (!slot) slot = std::make_shared<IndexMetrics>();
  return slot;
}

void ServerMetrics::remove(const std::string& name) {
  base::MutexLock lock(mutex_);
  indices_.erase(name);
}

std::vector<std::pair<std::string, std::shared_ptr<IndexMetrics>>> ServerMetrics::indices() const {
  base::MutexLock lock(mutex_);
  return {indices_.begin(), indices_.end()};
}

void ServerMetrics::count_close(int code) {
  base::MutexLock lock(mutex_);
  ++closes_[code];
}

void ServerMetrics::count_error(const std::string& code) {
  base::MutexLock lock(mutex_);
  ++errors_[code];
}

std::map<int, std::uint64_t> ServerMetrics::closes() const {
  base::MutexLock lock(mutex_);
  return closes_;
}

std::map<std::string, std::uint64_t> ServerMetrics::errors() const {
  base::MutexLock lock(mutex_);
  return errors_;
}

}  // namespace mlgraph::metrics
