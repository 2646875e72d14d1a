#include "store/resuming_writer.h"

#include <rocksdb/convenience.h>

#include "base/log.h"
#include "base/thread_pool.h"

namespace mlgraph::store {

ResumingWriter::~ResumingWriter() {
  std::thread last;
  {
    base::MutexLock lock(mutex_);
    last.swap(thread_);
    // What waits inside RocksDB is let go by this alone.
    if (resuming_) rocksdb::CancelAllBackgroundWork(&db_, false);
  }
  if (last.joinable()) last.join();
}

rocksdb::Status ResumingWriter::write(
    const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch
) {
  {
    base::MutexLock lock(mutex_);
    if (resuming_ && !wait_until_resumed()) return failure_;
  }
  auto status = db_.Write(options, &batch);
  if (status.ok()) return status;
  {
    base::MutexLock lock(mutex_);
    begin_resuming(status);
    if (!wait_until_resumed()) return status;
  }
  return db_.Write(options, &batch);
}

void ResumingWriter::begin_resuming(const rocksdb::Status& why) {
  if (resuming_) return;
  if (thread_.joinable()) thread_.join();  // it has ended
  failure_ = why;
  resuming_ = true;
  thread_ = std::thread([this] { resume(); });
}

void ResumingWriter::resume() {
  base::set_thread_role("db-resume", 0);
  const auto status = db_.Resume();
  base::MutexLock lock(mutex_);
  resuming_ = false;
  if (status.ok()) failure_ = status;
  resumed_.notify_all();
}

bool ResumingWriter::wait_until_resumed() {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  while (resuming_)
    if (!resumed_.wait_until(mutex_, deadline) && resuming_) {
      base::log(
          base::LogLevel::kError,
          "the database has not resumed in time",
          "reason",
          failure_.ToString()
      );
      return false;
    }
  return failure_.ok();
}

}  // namespace mlgraph::store
