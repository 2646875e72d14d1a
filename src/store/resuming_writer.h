#pragma once
// Included by this module's .cc files only.
#include <chrono>
#include <thread>

#include <rocksdb/db.h>

#include "base/mutex.h"

namespace mlgraph::store {

/// Writes to a database, and on after a disk that was full or read-only: after a failed write
/// RocksDB takes no other until it is resumed. Whoever fails begins that at once, so writes succeed
/// again as soon as the disk has room.
/// Threads    shared. Resuming runs on a thread of its own: writers wait for it no longer than
///            `patience`, also if RocksDB never comes back from it; they get the disk's error then.
class ResumingWriter {
 public:
  explicit ResumingWriter(
      rocksdb::DB& db, std::chrono::milliseconds patience = std::chrono::seconds(2)
  )
      : db_(db), patience_(patience) {}
  ~ResumingWriter();  ///< no other call after it on the database but Close()
  ResumingWriter(const ResumingWriter&) = delete;
  ResumingWriter& operator=(const ResumingWriter&) = delete;

  [[nodiscard]] rocksdb::Status write(
      const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch
  );

 private:
  void begin_resuming(const rocksdb::Status& why) MLG_REQUIRES(mutex_);
  void resume();
  /// Whether the database takes writes again.
  [[nodiscard]] bool wait_until_resumed() MLG_REQUIRES(mutex_);

  rocksdb::DB& db_;
  const std::chrono::milliseconds patience_;
  base::Mutex mutex_;
  base::CondVar resumed_;
  rocksdb::Status failure_ MLG_GUARDED_BY(mutex_);  ///< of the disk; OK once resumed
  bool resuming_ MLG_GUARDED_BY(mutex_) = false;
  std::thread thread_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::store
