#pragma once
// The ordered log on disk with its materialised fold and the configuration store: one RocksDB.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/entry.h"
#include "model/fold.h"
#include "store/block_summary.h"

namespace mlgraph::store {

struct Retention {
  std::uint64_t bytes_max = std::uint64_t{1} << 30;
  std::chrono::hours age_max{24 * 7};
};

/// Threads    append/trim: the committer alone; read and the rest: shared.
/// Errors     kNoSpace (full disk), kReadonly (the file system is), kCorrupt, kInternal.
class Log {
 public:
  /// Opens or makes `<data_dir>/log`. The epoch is made with the database and kept in it.
  [[nodiscard]] static base::Result<std::unique_ptr<Log>> open(
      const std::string& data_dir, Retention retention
  );
  virtual ~Log() = default;

  [[nodiscard]] virtual const std::string& epoch() const = 0;
  [[nodiscard]] virtual std::uint64_t tail() const = 0;  ///< seq of the newest entry, 0: empty
  [[nodiscard]] virtual std::uint64_t oldest(
  ) const = 0;  ///< seq of the oldest kept entry; tail()+1 when none is
  /// The fold as it stood at tail() when the log was opened.
  [[nodiscard]] virtual base::Result<model::Fold> load_state() const = 0;
  /// Writes entries (contiguous from tail()+1) and the changed keys of the fold in one synced
  /// batch.
  [[nodiscard]] virtual base::Result<void> append(
      std::span<const std::shared_ptr<const model::Entry>> entries, model::Fold& fold_after
  ) = 0;
  /// Entries from `from` on, in order, until about `bytes_max` of messages have been read; fewer at
  /// the tail. errors  kCursorExpired when `from` < oldest().
  [[nodiscard]] virtual base::Result<std::vector<std::shared_ptr<const model::Entry>>> read(
      std::uint64_t from, std::size_t bytes_max
  ) const = 0;
  /// Where a reader of `sought` that stands before `from` may go on: the first seq in [from, last]
  /// that may be one of them, or last + 1. Answered from memory; it may stop short of what could be
  /// passed.
  [[nodiscard]] virtual std::uint64_t next_with(
      std::uint64_t from, std::uint64_t last, std::span<const Sought> sought
  ) const = 0;
  /// Drops entries beyond retention. Called by the committer between groups, now and then.
  virtual base::Result<void> trim(base::Timestamp now) = 0;

  // The configuration store: small, revisioned, never in the event log (tokens, alert rules).
  struct Config {
    std::uint64_t revision = 0;  ///< rises with every put of the key; 0: absent
    std::string value;
  };
  [[nodiscard]] virtual base::Result<Config> config_get(const std::string& key) const = 0;
  /// All keys beginning with `prefix`, in order.
  [[nodiscard]] virtual base::Result<std::vector<std::pair<std::string, Config>>> config_list(
      const std::string& prefix
  ) const = 0;
  /// Compare and set, synced: `expected` is the revision the caller read (0: must be absent).
  /// errors kConflict.
  [[nodiscard]] virtual base::Result<std::uint64_t> config_put(
      const std::string& key, const std::string& value, std::uint64_t expected
  ) = 0;
  [[nodiscard]] virtual base::Result<void> config_delete(
      const std::string& key, std::uint64_t expected
  ) = 0;
};

/// The data directory: made with its parents (0700), locked for this process, its format version
/// checked.
/// `<dir>/FORMAT` holds the version; a newer one is refused.
class DataDir {
 public:
  static constexpr int kFormat = 1;
  [[nodiscard]] static base::Result<DataDir> open(const std::string& path);
  /// Whether open() would find what it needs, as far as that can be told without changing anything:
  /// a folder that can be written, or one in which it can be made, and a format this server reads.
  /// A lock held by a running server is no error.
  [[nodiscard]] static base::Result<void> check(const std::string& path);
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;
  ~DataDir();  ///< releases the lock
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  DataDir(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  std::string path_;
  int lock_fd_ = -1;
};

}  // namespace mlgraph::store
