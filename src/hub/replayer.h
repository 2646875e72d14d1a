#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/thread_pool.h"
#include "hub/hub.h"

namespace mlgraph::hub {

/// A piece of the log read from disk: the entries first..last, all of them. Immutable.
struct Chunk {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::vector<FramePtr> frames;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

/// Reads the log for sessions that are behind the ring, one chunk at a time, and keeps the last
/// chunks: sessions that come back together read the same stretch of disk once.
/// Threads    shared; `done` runs where the reading does: on a thread of its own, or `executor`.
/// Full       the queue holds at most one request of each session (LoopFeed asks for one at a
///            time); the cache `kCacheMax` chunks.
class Replayer {
 public:
  static constexpr std::size_t kCacheMax = 16;
  /// errors  kCursorExpired, or what the log could not do.
  using Done = std::function<void(base::Result<ChunkPtr>)>;

  /// `executor` null: a thread of its own. Else it must take one step always.
  Replayer(
      const store::Log& log,
      metrics::ServerMetrics& metrics,
      std::size_t chunk_bytes,
      base::Executor* executor
  );
  ~Replayer();
  /// A chunk that holds `from` and what follows. After stop() nothing is done.
  void request(std::uint64_t from, Done done);
  void stop();

 private:
  struct Request {
    std::uint64_t from = 0;
    Done done;
  };
  void run();
  [[nodiscard]] base::Result<ChunkPtr> fetch(std::uint64_t from);

  const store::Log& log_;
  metrics::ServerMetrics& metrics_;
  const std::size_t chunk_bytes_;
  std::list<ChunkPtr> cache_;  ///< most recently used first; of the step that runs
  base::Mutex mutex_;
  base::CondVar idle_;
  std::deque<Request> queue_ MLG_GUARDED_BY(mutex_);
  bool running_ MLG_GUARDED_BY(mutex_) = false;  ///< a step is posted or runs
  bool stopping_ MLG_GUARDED_BY(mutex_) = false;
  std::optional<base::ThreadPool> own_thread_;
  base::Executor* executor_;
};

}  // namespace mlgraph::hub
