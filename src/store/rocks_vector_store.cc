#include <cstring>
#include <optional>

#include <rocksdb/convenience.h>
#include <rocksdb/snapshot.h>

#include "base/check.h"
#include "store/resuming_writer.h"
#include "store/rocks.h"
#include "store/vector_store.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

// Key: index number (BE32) | shard (BE32) | row (BE64).
// Value: id size (u8) | id | metadata size (LE32) | metadata | values (LE float32 each).
// A note's key: 0 (BE32), which is no index's number | its name. Beside the rows, not in a column
// family of its own: so whatever is flushed or lost of the write-ahead log, both are alike.
constexpr std::size_t kKeySize = 16;
constexpr std::string_view kNotes("\0\0\0\0", 4);
constexpr std::string_view kBehindNotes("\0\0\0\1", 4);

std::string key_of(const RowKey& key) {
  std::string out;
  out.reserve(kKeySize);
  append_be(out, key.index_number);
  append_be(out, key.shard);
  append_be(out, key.row);
  return out;
}

std::string note_key(std::string_view key) { return std::string(kNotes).append(key); }

/// Splits a stored value; `values` points into it and may be unaligned, so it is copied to
/// `aligned`.
bool split(std::string_view stored, RowView& view, std::vector<float>& aligned) {
  if (stored.empty()) return false;
  const std::size_t id_size = static_cast<unsigned char>(stored[0]);
  if (stored.size() < 1 + id_size + 4) return false;
  view.id = stored.substr(1, id_size);
  std::uint32_t metadata_size = 0;
  std::memcpy(&metadata_size, stored.data() + 1 + id_size, 4);
  const std::size_t at = 1 + id_size + 4;
  if (stored.size() < at + metadata_size) return false;
  view.metadata = stored.substr(at, metadata_size);
  const std::size_t bytes = stored.size() - at - metadata_size;
  if (bytes % sizeof(float) != 0) return false;
  aligned.resize(bytes / sizeof(float));
  if (bytes > 0) std::memcpy(aligned.data(), stored.data() + at + metadata_size, bytes);
  view.values = aligned;
  return true;
}

Result<StoredRow> to_row(const std::string& stored) {
  RowView view;
  StoredRow row;
  if (!split(stored, view, row.values))
    return fail(ErrorCode::kCorrupt, "a stored vector does not parse");
  row.id = view.id;
  row.metadata = view.metadata;
  return row;
}

class RocksRowBatch final : public RowBatch {
 public:
  void put(const RowKey& key, const RowView& row) override {
    MLG_DCHECK(row.id.size() <= 255);
    // Written from its pieces: a large vector is copied once, into the batch.
    head_.assign(1, static_cast<char>(row.id.size()));
    head_ += row.id;
    const auto size = static_cast<std::uint32_t>(row.metadata.size());
    char bytes[4];
    std::memcpy(bytes, &size, 4);
    head_.append(bytes, 4);
    const std::string name = key_of(key);
    const rocksdb::Slice key_part(name);
    const rocksdb::Slice value_parts[3] = {
        head_,
        {row.metadata.data(), row.metadata.size()},
        {reinterpret_cast<const char*>(row.values.data()), row.values.size_bytes()}};
    batch.Put(rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(value_parts, 3));
  }
  void erase(const RowKey& key) override { batch.Delete(key_of(key)); }
  void put(const Note& note) override { batch.Put(note_key(note.key), note.text); }
  void erase_note(std::string_view key) override { batch.Delete(note_key(key)); }
  std::size_t bytes() const override { return batch.GetDataSize(); }

  rocksdb::WriteBatch batch;

 private:
  std::string head_;
};

struct KeyRange {
  std::string begin, end;
};

/// Rows from `begin` on, before `end`; as of `snapshot`, or now.
Result<void> scan_range(
    rocksdb::DB& db,
    const rocksdb::Snapshot* snapshot,
    const KeyRange& range,
    const VectorSnapshot::Visit& visit
) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.fill_cache = false;
  options.readahead_size = std::size_t{2} << 20;
  const rocksdb::Slice upper(range.end);
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options));
  std::vector<float> aligned;
  for (it->Seek(range.begin); it->Valid(); it->Next()) {
    RowView view;
    if (it->key().size() != kKeySize || !split(it->value().ToStringView(), view, aligned))
      return fail(
          ErrorCode::kCorrupt,
          "a stored vector of index {} does not parse",
          read_be<std::uint32_t>(range.begin.data())
      );
    const char* key = it->key().data();
    const RowKey at{
        read_be<std::uint32_t>(key),
        read_be<std::uint32_t>(key + 4),
        read_be<std::uint64_t>(key + 8)};
    if (!visit(at, view)) return {};
  }
  if (!it->status().ok()) return rocks_error(it->status(), "reading vectors");
  return {};
}

class RocksVectorSnapshot final : public VectorSnapshot {
 public:
  explicit RocksVectorSnapshot(rocksdb::DB& db) : db_(db), held_(&db), at_(held_.snapshot()) {}
  Result<void> scan_index(std::uint32_t index_number, const Visit& visit) const override {
    const KeyRange range{key_of({index_number, 0, 0}), key_of({index_number + 1, 0, 0})};
    return scan_range(db_, at_, range, visit);
  }

 private:
  rocksdb::DB& db_;
  rocksdb::ManagedSnapshot held_;
  const rocksdb::Snapshot* const at_;
};

class RocksVectorStore final : public VectorStore {
 public:
  explicit RocksVectorStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  ~RocksVectorStore() override {
    writer_.reset();
    db_->Close();
  }

  std::unique_ptr<RowBatch> make_batch() const override {
    return std::make_unique<RocksRowBatch>();
  }

  Result<void> write(RowBatch& batch, bool sync) override {
    rocksdb::WriteOptions options;
    options.sync = sync;
    auto& rocks = static_cast<RocksRowBatch&>(batch);
    if (rocks.batch.Count() == 0) {
      if (!sync) return {};
      rocks.batch.PutLogData("sync");  // earlier writes alone are synced: with a note behind them
    }
    const auto status = writer_->write(options, rocks.batch);
    if (!status.ok()) return rocks_error(status, "writing vectors");
    return {};
  }

  Result<StoredRow> get(const RowKey& key) const override {
    std::string stored;
    const auto status = db_->Get({}, key_of(key), &stored);
    if (!status.ok()) return rocks_error(status, "reading a vector");
    return to_row(stored);
  }

  std::vector<Result<StoredRow>> get_many(std::span<const RowKey> keys) const override {
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (const auto& key : keys) names.push_back(key_of(key));
    const std::vector<rocksdb::Slice> slices(names.begin(), names.end());
    std::vector<std::string> stored;
    const auto statuses = db_->MultiGet({}, slices, &stored);
    std::vector<Result<StoredRow>> rows;
    rows.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      rows.push_back(
          statuses[i].ok() ? to_row(stored[i])
                           : Result<StoredRow>(rocks_error(statuses[i], "reading a vector"))
      );
    return rows;
  }

  Result<void> scan(
      std::uint32_t index_number,
      std::uint32_t shard,
      std::uint64_t from_row,
      const std::function<bool(std::uint64_t, const RowView&)>& visit
  ) const override {
    const std::string end = shard == UINT32_MAX ? key_of({index_number + 1, 0, 0})
                                                : key_of({index_number, shard + 1, 0});
    return scan_range(
        *db_,
        nullptr,
        {key_of({index_number, shard, from_row}), end},
        [&](const RowKey& key, const RowView& view) { return visit(key.row, view); }
    );
  }

  std::unique_ptr<VectorSnapshot> snapshot() const override {
    return std::make_unique<RocksVectorSnapshot>(*db_);
  }

  Result<std::vector<Note>> notes() const override {
    rocksdb::ReadOptions options;
    const rocksdb::Slice upper(kBehindNotes.data(), kBehindNotes.size());
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    std::vector<Note> notes;
    for (it->Seek({kNotes.data(), kNotes.size()}); it->Valid(); it->Next())
      notes.push_back(
          {std::string(it->key().ToStringView().substr(kNotes.size())), it->value().ToString()}
      );
    if (!it->status().ok()) return rocks_error(it->status(), "reading notes");
    return notes;
  }

  Result<void> drop_index(std::uint32_t index_number) override {
    const std::string begin = key_of({index_number, 0, 0});
    const std::string end = key_of({index_number + 1, 0, 0});
    const rocksdb::Slice begin_slice(begin);
    const rocksdb::Slice end_slice(end);
    rocksdb::DeleteFilesInRange(
        db_.get(), db_->DefaultColumnFamily(), &begin_slice, &end_slice, false
    );
    rocksdb::WriteBatch batch;
    batch.DeleteRange(begin_slice, end_slice);
    const auto status = writer_->write(synced(), batch);
    if (!status.ok()) return rocks_error(status, "dropping an index");
    return {};
  }

  std::uint64_t disk_bytes() const override {
    std::uint64_t files = 0;
    std::uint64_t memtables = 0;
    db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &files);
    db_->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &memtables);
    return files + memtables;
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  std::optional<ResumingWriter> writer_{*db_};
};

}  // namespace

Result<std::unique_ptr<VectorStore>> VectorStore::open(const std::string& data_dir) {
  auto options = common_options();
  options.write_buffer_size = std::size_t{128} << 20;
  options.max_write_buffer_number = 4;
  options.max_background_jobs = 2;
  options.unordered_write = false;
  options.enable_pipelined_write = true;
  // Dirty pages go to the disk as they come: the file system's journal would write them all before
  // the log's next sync returns.
  options.wal_bytes_per_sync = std::uint64_t{512} << 10;
  options.bytes_per_sync = std::uint64_t{512} << 10;
  options.strict_bytes_per_sync = true;
  make_folder(data_dir + "/vectors");
  rocksdb::DB* raw = nullptr;
  if (const auto status = rocksdb::DB::Open(options, data_dir + "/vectors", &raw); !status.ok())
    return rocks_error(status, "opening the vector store");
  return std::make_unique<RocksVectorStore>(std::unique_ptr<rocksdb::DB>(raw));
}

}  // namespace mlgraph::store
