// Log over RocksDB: entries, the materialised fold and the configuration, each in its column
// family.
#include <atomic>
#include <cstring>
#include <deque>

#include "base/json.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/random.h"
#include "store/entry_codec.h"
#include "store/log.h"
#include "store/rocks.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kMeta = 0;
constexpr std::size_t kEntries = 1;
constexpr std::size_t kState = 2;
constexpr std::size_t kConfig = 3;
constexpr const char* kEpochKey = "epoch";
constexpr const char* kOldestKey = "oldest";
constexpr std::uint64_t kChunk = 4'096;  // entries whose sizes retention counts together

std::string seq_key(std::uint64_t seq) {
  std::string key;
  append_be(key, seq);
  return key;
}

/// Retention in steps of a chunk: how large it is, and how young its last entry. Kept in the meta
/// family once the chunk is complete, so that an opening counts only the entries of the last ones.
struct ChunkSize {
  std::uint64_t bytes = 0;
  base::Timestamp newest;
};

std::string chunk_key(std::uint64_t chunk) {
  std::string key = "chunk/";
  append_be(key, chunk);
  return key;
}
std::string encode_chunk(const ChunkSize& size) {
  std::string text;
  append_be(text, size.bytes);
  append_be(text, static_cast<std::uint64_t>(size.newest.ms));
  return text;
}
ChunkSize decode_chunk(const char* at) {
  return {read_be<std::uint64_t>(at), {static_cast<std::int64_t>(read_be<std::uint64_t>(at + 8))}};
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
    for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    db_->Close();
  }

  Result<void> start() {
    if (auto status = db_->Get({}, families_[kMeta], kEpochKey, &epoch_); status.IsNotFound()) {
      epoch_ = base::random_name(12);
      status = db_->Put(synced(), families_[kMeta], kEpochKey, epoch_);
      if (!status.ok()) return rocks_error(status, "making the log's epoch");
    } else if (!status.ok()) {
      return rocks_error(status, "reading the log's epoch");
    }
    std::string oldest;
    if (db_->Get({}, families_[kMeta], kOldestKey, &oldest).ok() && oldest.size() == 8)
      oldest_ = read_be<std::uint64_t>(oldest.data());
    MLG_TRY_VOID(read_chunks());
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
    const std::uint64_t complete_to = tail() / kChunk;  // the chunks before it get no more entries
    for (auto chunk = std::max(summarised_to_, first_chunk_); chunk < complete_to; ++chunk)
      batch.Put(families_[kMeta], chunk_key(chunk), encode_chunk(chunks_[chunk - first_chunk_]));
    MLG_TRY_VOID(write(batch, "writing the log"));
    if (entries.empty()) return {};
    summarised_to_ = complete_to;
    for (const auto& entry : entries)
      count(
          entry->seq, entry->public_json.size() + entry->private_json.size() + 64, entry->timestamp
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

  Result<void> trim(base::Timestamp now) override {
    const std::int64_t horizon = now.ms - std::chrono::milliseconds(retention_.age_max).count();
    std::uint64_t drop_to = 0;
    while (chunks_.size() > 1 &&
           (total_bytes_ > retention_.bytes_max || chunks_.front().newest.ms < horizon)) {
      total_bytes_ -= chunks_.front().bytes;
      chunks_.pop_front();
      drop_to = ++first_chunk_ * kChunk;
    }
    if (drop_to <= oldest()) return {};
    rocksdb::WriteBatch batch;
    batch.DeleteRange(families_[kEntries], seq_key(0), seq_key(drop_to));
    batch.DeleteRange(families_[kMeta], chunk_key(0), chunk_key(first_chunk_));
    batch.Put(families_[kMeta], kOldestKey, seq_key(drop_to));
    oldest_.store(drop_to, std::memory_order_release);
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
    if (auto status = write_or_resume(*db_, synced(), batch); !status.ok())
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

  void count(std::uint64_t seq, std::uint64_t bytes, base::Timestamp at) {
    const std::uint64_t chunk = seq / kChunk;
    while (first_chunk_ + chunks_.size() <= chunk) chunks_.emplace_back();
    auto& slot = chunks_[chunk - first_chunk_];
    slot.bytes += bytes;
    slot.newest = at;
    total_bytes_ += bytes;
  }

  Result<void> read_chunks() {
    first_chunk_ = summarised_to_ = oldest() / kChunk;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, families_[kMeta]));
    for (it->Seek(chunk_key(first_chunk_));
         it->Valid() && it->key() == chunk_key(summarised_to_) && it->value().size() == 16;
         it->Next(), ++summarised_to_) {
      chunks_.push_back(decode_chunk(it->value().data()));
      total_bytes_ += chunks_.back().bytes;
    }
    if (!it->status().ok()) return rocks_error(it->status(), "reading the log");
    return {};
  }

  Result<void> count_entries() {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, families_[kEntries]));
    std::uint64_t last = 0;
    for (it->Seek(seq_key(std::max(oldest(), summarised_to_ * kChunk))); it->Valid(); it->Next()) {
      last = read_be<std::uint64_t>(it->key().data());
      base::Timestamp at;
      if (it->value().size() >= 10) std::memcpy(&at.ms, it->value().data() + 2, sizeof at.ms);
      count(last, it->value().size() + 40, at);
    }
    if (!it->status().ok()) return rocks_error(it->status(), "reading the log");
    tail_ = std::max(last, oldest() - 1);
    return {};
  }

  const std::unique_ptr<rocksdb::DB> db_;
  const std::vector<rocksdb::ColumnFamilyHandle*> families_;
  const Retention retention_;
  std::string epoch_;
  std::atomic<std::uint64_t> tail_{0};
  std::atomic<std::uint64_t> oldest_{1};
  // Confined to the committer (after start()).
  std::deque<ChunkSize> chunks_;
  std::uint64_t first_chunk_ = 0;
  std::uint64_t summarised_to_ = 0;  // the chunks before it are in the meta family
  std::uint64_t total_bytes_ = 0;
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
  const std::vector<rocksdb::ColumnFamilyDescriptor> wanted = {
      {rocksdb::kDefaultColumnFamilyName, family},
      {"entries", family},
      {"state", family},
      {"config", family}};
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
