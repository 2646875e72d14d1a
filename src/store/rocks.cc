#include "store/rocks.h"

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include "base/log.h"

namespace mlgraph::store {
namespace {

/// RocksDB's warnings and errors as lines of our log.
class ToOurLog final : public rocksdb::Logger {
 public:
  ToOurLog() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using Logger::Logv;
  void LogHeader(const char*, va_list) override {}
  void Logv(const char* format, va_list values) override {
    Logv(rocksdb::InfoLogLevel::WARN_LEVEL, format, values);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    if (level < GetInfoLogLevel()) return;
    char text[1'024];
    std::vsnprintf(text, sizeof text, format, values);
    std::string_view line(text);
    while (line.ends_with('\n')) line.remove_suffix(1);
    base::log(base::LogLevel::kWarn, "rocksdb", "says", line);
  }
};

/// Every error of the disk can be overcome by Resume(): it writes what memory holds into new files,
/// so nothing depends on the file that failed. RocksDB by itself takes all but a full disk for
/// final, and after a full disk tries on a timer of its own, refusing ours meanwhile.
class Recoverable final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    if (error->IsIOError() && error->severity() > rocksdb::Status::kHardError)
      *error = rocksdb::Status(*error, rocksdb::Status::kHardError);
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery)
      override {
    *auto_recovery = false;
  }
};

/// A full disk fails every write: one line a second says so too.
void log_failure(std::string_view doing, std::string_view reason) {
  static std::atomic<std::int64_t> quiet_until{0};
  const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::steady_clock::now().time_since_epoch()
  )
                               .count();
  auto until = quiet_until.load();
  if (now < until || !quiet_until.compare_exchange_strong(until, now + 1'000)) return;
  base::log(base::LogLevel::kError, "the database failed", "doing", doing, "reason", reason);
}

}  // namespace

tl::unexpected<base::Error> rocks_error(const rocksdb::Status& status, std::string_view doing) {
  using base::ErrorCode;
  using base::fail;
  const std::string text = status.ToString();
  if (status.IsNotFound()) return fail(ErrorCode::kNotFound, "{}: there is none", doing);
  log_failure(doing, text);
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos)
    return fail(ErrorCode::kNoSpace, "{}: no space is left on the disk", doing);
  if (text.find("Read-only file system") != std::string::npos)
    return fail(ErrorCode::kReadonly, "{}: the file system is read-only", doing);
  if (status.IsCorruption())
    return fail(ErrorCode::kCorrupt, "{}: what is stored is damaged", doing);
  return fail(ErrorCode::kInternal, "{}: the database failed, the server's log says why", doing);
}

rocksdb::Options common_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.compression = rocksdb::kNoCompression;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_open_files = 256;
  options.info_log = std::make_shared<ToOurLog>();
  options.listeners.push_back(std::make_shared<Recoverable>());
  options.max_bgerror_resume_count = 0;
  return options;
}

void make_folder(const std::string& path) {
  std::error_code told_by_open;
  std::filesystem::create_directories(path, told_by_open);
}

}  // namespace mlgraph::store
