#include "hub/replayer.h"

#include <algorithm>

#include "base/check.h"
#include "hub/frame.h"

namespace mlgraph::hub {

Replayer::Replayer(
    const store::Log& log,
    metrics::ServerMetrics& metrics,
    std::size_t chunk_bytes,
    base::Executor* executor
)
    : log_(log), metrics_(metrics), chunk_bytes_(chunk_bytes), executor_(executor) {
  if (executor_) return;
  own_thread_.emplace(base::ThreadPool::Options{"replay", 1, 1, 0});
  executor_ = &*own_thread_;
}

Replayer::~Replayer() { stop(); }

void Replayer::request(std::uint64_t from, Done done) {
  {
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    queue_.push_back({from, std::move(done)});
    if (std::exchange(running_, true)) return;
  }
  MLG_CHECK(executor_->try_post([this] { run(); }));
}

void Replayer::stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  queue_.clear();
  while (running_ && own_thread_) idle_.wait(mutex_);
}

void Replayer::run() {
  for (;;) {
    Request request;
    {
      base::MutexLock lock(mutex_);
      if (queue_.empty()) {
        running_ = false;
        idle_.notify_all();
        return;
      }
      request = std::move(queue_.front());
      queue_.pop_front();
    }
    request.done(fetch(request.from));
  }
}

base::Result<ChunkPtr> Replayer::fetch(std::uint64_t from) {
  const auto cached = std::find_if(cache_.begin(), cache_.end(), [&](const ChunkPtr& chunk) {
    return chunk->first <= from && from <= chunk->last;
  });
  if (cached != cache_.end()) {
    cache_.splice(cache_.begin(), cache_, cached);
    return cache_.front();
  }
  MLG_TRY(entries, log_.read(from, chunk_bytes_));
  if (entries.empty()) return base::fail(base::ErrorCode::kCorrupt, "the log lacks entry {}", from);
  auto chunk = std::make_shared<Chunk>();
  chunk->first = from;
  chunk->last = entries.back()->seq;
  chunk->frames.reserve(entries.size());
  for (const auto& entry : entries)
    chunk->frames.push_back(make_event_frame(*entry, base::SteadyTime{}));
  metrics_.replay_read.fetch_add(entries.size(), std::memory_order_relaxed);
  cache_.push_front(chunk);
  if (cache_.size() > kCacheMax) cache_.pop_back();
  return ChunkPtr(std::move(chunk));
}

}  // namespace mlgraph::hub
