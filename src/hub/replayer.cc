#include "hub/replayer.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "hub/frame.h"

namespace mlgraph::hub {

Replayer::Replayer(const store::Log& log, std::size_t chunk_bytes)
    : log_(log), chunk_bytes_(chunk_bytes), thread_([this] { run(); }) {}

Replayer::~Replayer() { stop(); }

void Replayer::request(std::uint64_t from, Done done) {
  {
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    queue_.push_back({from, std::move(done)});
  }
  ready_.notify_one();
}

void Replayer::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  ready_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Replayer::run() {
  base::set_thread_role("replay", 0);
  for (;;) {
    Request request;
    {
      base::MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) ready_.wait(mutex_);
      if (stopping_) return;
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
  // What is kept up to the tail of this moment is in the answer, or beyond its last entry.
  const std::uint64_t tail = log_.tail();
  MLG_TRY(entries, log_.read(from, chunk_bytes_));
  auto chunk = std::make_shared<Chunk>();
  chunk->first = from;
  chunk->last = entries.empty() ? std::max(tail, from) : entries.back()->seq;
  chunk->frames.reserve(entries.size());
  for (const auto& entry : entries)
    chunk->frames.push_back(make_event_frame(*entry, base::SteadyTime{}));
  // A short one at the tail would be found too often and soon be of no use.
  if (!entries.empty()) {
    cache_.push_front(chunk);
    if (cache_.size() > kCacheMax) cache_.pop_back();
  }
  return ChunkPtr(std::move(chunk));
}

}  // namespace mlgraph::hub
