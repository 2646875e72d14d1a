// Log over RocksDB: entries, the materialised fold and the configuration, each in its column
// family.
#include <atomic>
#include <optional>

#include "base/json.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/random.h"
#include "store/entry_codec.h"
#include "store/log.h"
#include "store/log_blocks.h"
#include "store/log_keys.h"
#include "store/resuming_writer.h"
#include "store/rocks.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

std::string seq_key(std::uint64_t seq) {
  std::string key;
  append_be(key, seq);
  return key;
}

std::string block_key(std::uint64_t block) {
  std::string key = kBlockPrefix;
  append_be(key, block);
  return key;
}

class RocksLog final : public Log {
 public:
  RocksLog(
      std::unique_ptr<rocksdb::DB> db,
      std::vector<rocksdb::ColumnFamilyHandle*> families,
      Retention retention
  )
      : db_(std::move(db)), families_(std::move(families)), retention_(retention) {}

  ~RocksLog() override {
    writer_.reset();
    for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    db_->Close();
  }

  Result<void> start() {
    if (auto status = db_->Get({}, families_[kMeta], kEpochKey, &epoch_); status.IsNotFound()) {
      epoch_ = base::random_name(kEpochSize);
      status = db_->Put(synced(), families_[kMeta], kEpochKey, epoch_);
      if (!status.ok()) return rocks_error(status, "making the log's epoch");
    } else if (!status.ok()) {
      return rocks_error(status, "reading the log's epoch");
    }
    std::string oldest;
    if (db_->Get({}, families_[kMeta], kOldestKey, &oldest).ok() && oldest.size() == 8)
      oldest_ = read_be<std::uint64_t>(oldest.data());
    MLG_TRY_VOID(read_blocks());
    return count_entries();
  }

  const std::string& epoch() const override { return epoch_; }
  std::uint64_t tail() const override { return tail_.load(std::memory_order_acquire); }
  std::uint64_t oldest() const override { return oldest_.load(std::memory_order_acquire); }

  Result<model::Fold> load_state() const override {
    model::Fold fold;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, families_[kState]));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      MLG_TRY_VOID(fold.load(it->key().ToString(), it->value().ToString()));
    }
    if (!it->status().ok()) return rocks_error(it->status(), "reading the state");
    if (fold.seq() != tail())
      return fail(
          ErrorCode::kCorrupt, "the state stands at {} and the log at {}", fold.seq(), tail()
      );
    return fold;
  }

  Result<void> append(
      std::span<const std::shared_ptr<const model::Entry>> entries, model::Fold& fold_after
  ) override {
    rocksdb::WriteBatch batch;
    for (const auto& entry : entries)
      batch.Put(families_[kEntries], seq_key(entry->seq), encode_entry(*entry));
    fold_after.take_changes([&](const std::string& key, const std::string& value) {
      if (value.empty())
        batch.Delete(families_[kState], key);
      else
        batch.Put(families_[kState], key, value);
    });
    const auto complete_to = LogBlocks::block_of(tail());  // those before it get no more entries
    for (auto block = std::max(written_to_, blocks_.first()); block < complete_to; ++block)
      batch.Put(families_[kMeta], block_key(block), blocks_.record_of(block));
    MLG_TRY_VOID(write(batch, "writing the log"));
    if (entries.empty()) return {};
    written_to_ = complete_to;
    for (const auto& entry : entries)
      blocks_.count(
          entry->seq, entry->public_json.size() + entry->private_json.size() + 64, entry.get()
      );
    tail_.store(entries.back()->seq, std::memory_order_release);
    return {};
  }

  Result<std::vector<std::shared_ptr<const model::Entry>>> read(
      std::uint64_t from, std::size_t bytes_max
  ) const override {
    if (from < oldest())
      return fail(
          ErrorCode::kCursorExpired, "entry {} is past retention, the oldest is {}", from, oldest()
      );
    std::vector<std::shared_ptr<const model::Entry>> entries;
    rocksdb::ReadOptions options;
    options.readahead_size = 256 * 1024;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, families_[kEntries]));
    std::size_t bytes = 0;
    const std::uint64_t last = tail();  // what is written behind it has not been acknowledged yet
    for (it->Seek(seq_key(from)); it->Valid() && bytes < bytes_max; it->Next()) {
      const auto seq = read_be<std::uint64_t>(it->key().data());
      if (seq > last) break;
      if (seq != from + entries.size()) {
        // Trimmed between the check and the read, or a hole that must not be passed over in
        // silence.
        if (from < oldest())
          return fail(ErrorCode::kCursorExpired, "entry {} is past retention", from);
        return fail(ErrorCode::kCorrupt, "the log lacks entry {}", from + entries.size());
      }
      bytes += it->value().size();
      MLG_TRY(entry, decode_entry(seq, it->value().ToStringView()));
      entries.push_back(std::move(entry));
    }
    if (!it->status().ok()) return rocks_error(it->status(), "reading the log");
    return entries;
  }

  std::uint64_t next_with(std::uint64_t from, std::uint64_t last, std::span<const Sought> sought)
      const override {
    return blocks_.next_with(from, last, sought);
  }

  Result<void> trim(base::Timestamp now) override {
    const auto oldest = blocks_.trim(retention_, now);
    if (!oldest || *oldest <= this->oldest()) return {};
    rocksdb::WriteBatch batch;
    batch.DeleteRange(families_[kEntries], seq_key(0), seq_key(*oldest));
    batch.DeleteRange(families_[kMeta], block_key(0), block_key(blocks_.first()));
    batch.Put(families_[kMeta], kOldestKey, seq_key(*oldest));
    oldest_.store(*oldest, std::memory_order_release);
    return write(batch, "trimming the log");
  }

  Result<Config> config_get(const std::string& key) const override {
    std::string stored;
    const auto status = db_->Get({}, families_[kConfig], key, &stored);
    if (status.IsNotFound()) return Config{};
    if (!status.ok()) return rocks_error(status, "reading the configuration");
    return parse_config(stored);
  }

  Result<std::vector<std::pair<std::string, Config>>> config_list(const std::string& prefix
  ) const override {
    std::vector<std::pair<std::string, Config>> all;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, families_[kConfig]));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next())
      all.emplace_back(it->key().ToString(), parse_config(it->value().ToString()));
    if (!it->status().ok()) return rocks_error(it->status(), "reading the configuration");
    return all;
  }

  Result<std::uint64_t> config_put(
      const std::string& key, const std::string& value, std::uint64_t expected
  ) override {
    base::MutexLock lock(config_mutex_);
    MLG_TRY_VOID(check_revision(key, expected));
    std::string record = seq_key(expected + 1);
    record += value;
    rocksdb::WriteBatch batch;
    batch.Put(families_[kConfig], key, record);
    MLG_TRY_VOID(write(batch, "writing the configuration"));
    return expected + 1;
  }

  Result<void> config_delete(const std::string& key, std::uint64_t expected) override {
    base::MutexLock lock(config_mutex_);
    MLG_TRY_VOID(check_revision(key, expected));
    rocksdb::WriteBatch batch;
    batch.Delete(families_[kConfig], key);
    return write(batch, "writing the configuration");
  }

 private:
  /// One at a time, so that nobody meets the database while another resumes it after an error.
  Result<void> write(rocksdb::WriteBatch& batch, const char* doing) {
    base::MutexLock lock(write_mutex_);
    if (auto status = writer_->write(synced(), batch); !status.ok())
      return rocks_error(status, doing);
    return {};
  }

  static Config parse_config(const std::string& stored) {
    if (stored.size() < 8) return {};
    return {read_be<std::uint64_t>(stored.data()), stored.substr(8)};
  }

  Result<void> check_revision(const std::string& key, std::uint64_t expected) const
      MLG_REQUIRES(config_mutex_) {
    MLG_TRY(current, config_get(key));
    if (current.revision != expected)
      return fail(
          ErrorCode::kConflict, "{} is at revision {}, not {}", key, current.revision, expected
      );
    return {};
  }

  Result<void> read_blocks() {
    blocks_.start(oldest());
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, families_[kMeta]));
    for (it->Seek(block_key(blocks_.first()));
         it->Valid() && it->key() == block_key(blocks_.end()) &&
         blocks_.load(it->value().ToStringView());
         it->Next()) {
    }
    if (!it->status().ok()) return rocks_error(it->status(), "reading the log");
    written_to_ = blocks_.end();
    return {};
  }

  /// Those behind the blocks on disk.
  Result<void> count_entries() {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, families_[kEntries]));
    std::uint64_t last = 0;
    const auto from = written_to_ * BlockSummary::kEntries;
    for (it->Seek(seq_key(std::max(oldest(), from))); it->Valid(); it->Next()) {
      last = read_be<std::uint64_t>(it->key().data());
      // A damaged one is told to whoever reads it, not here: the state stands without it.
      const auto entry = decode_entry(last, it->value().ToStringView());
      blocks_.count(last, it->value().size() + 40, entry ? entry->get() : nullptr);
    }
    if (!it->status().ok()) return rocks_error(it->status(), "reading the log");
    tail_ = std::max({last, oldest() - 1, from > 0 ? from - 1 : 0});
    return {};
  }

  const std::unique_ptr<rocksdb::DB> db_;
  std::optional<ResumingWriter> writer_{*db_};
  const std::vector<rocksdb::ColumnFamilyHandle*> families_;
  const Retention retention_;
  std::string epoch_;
  std::atomic<std::uint64_t> tail_{0};
  std::atomic<std::uint64_t> oldest_{1};
  LogBlocks blocks_;
  std::uint64_t written_to_ = 0;  // the blocks before it are in the meta family; the committer's
  base::Mutex config_mutex_;
  base::Mutex write_mutex_;  // taken last
};

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const std::string& data_dir, Retention retention) {
  auto options = common_options();
  // A family that is seldom written would keep old logs alive, and an opening reads them all.
  options.max_total_wal_size = std::uint64_t{128} << 20;
  rocksdb::ColumnFamilyOptions family(options);
  family.write_buffer_size = std::size_t{64} << 20;
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  wanted.reserve(std::size(kLogFamilies));
  for (const auto& name : kLogFamilies) wanted.emplace_back(name, family);
  make_folder(data_dir + "/log");
  rocksdb::DB* raw = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const auto status = rocksdb::DB::Open(options, data_dir + "/log", wanted, &families, &raw);
  if (!status.ok()) return rocks_error(status, "opening the log");
  auto log =
      std::make_unique<RocksLog>(std::unique_ptr<rocksdb::DB>(raw), std::move(families), retention);
  MLG_TRY_VOID(log->start());
  return log;
}

}  // namespace mlgraph::store
