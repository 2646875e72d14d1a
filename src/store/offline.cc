#include "store/offline.h"

#include <filesystem>
#include <memory>

#include <rocksdb/utilities/checkpoint.h>

#include "base/random.h"
#include "store/log_keys.h"
#include "store/rocks.h"
#include "store/vector_store.h"

namespace mlgraph::store {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

/// A database with all its families, closed in good order.
class OpenDatabase {
 public:
  static Result<std::unique_ptr<OpenDatabase>> open(const std::string& path) {
    auto options = common_options();
    options.create_if_missing = false;
    std::vector<std::string> names;
    if (auto status = rocksdb::DB::ListColumnFamilies(options, path, &names); !status.ok())
      return rocks_error(status, "opening a database");
    std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
    wanted.reserve(names.size());
    for (const auto& name : names) wanted.emplace_back(name, rocksdb::ColumnFamilyOptions(options));
    rocksdb::DB* raw = nullptr;
    auto opened = std::make_unique<OpenDatabase>();
    if (auto status = rocksdb::DB::Open(options, path, wanted, &opened->families_, &raw);
        !status.ok())
      return rocks_error(status, "opening a database");
    opened->db_.reset(raw);
    return opened;
  }
  OpenDatabase() = default;
  ~OpenDatabase() {
    if (!db_) return;
    for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    db_->Close();
  }
  OpenDatabase(const OpenDatabase&) = delete;
  OpenDatabase& operator=(const OpenDatabase&) = delete;

  [[nodiscard]] rocksdb::DB& db() { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(const std::string& name) const {
    for (auto* family : families_)
      if (family->GetName() == name) return family;
    return nullptr;
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

Result<void> checkpoint_one(const std::string& database, const std::string& folder) {
  MLG_TRY(opened, OpenDatabase::open(database));
  rocksdb::Checkpoint* raw = nullptr;
  if (auto status = rocksdb::Checkpoint::Create(&opened->db(), &raw); !status.ok())
    return rocks_error(status, "beginning a checkpoint");
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  // 0: what is in memory becomes a file first.
  if (auto status = checkpoint->CreateCheckpoint(folder, 0); !status.ok())
    return rocks_error(status, "making a checkpoint");
  return {};
}

}  // namespace

Result<void> checkpoint(const DataDir& dir, const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directory(folder, failed);
  if (failed) return fail(ErrorCode::kInternal, "making {}: {}", folder, failed.message());
  for (const char* name : {"/log", "/vectors"}) {
    MLG_TRY_VOID(checkpoint_one(dir.path() + name, folder + name));
  }
  return {};
}

Result<model::Cursor> position(const std::string& data_dir) {
  MLG_TRY(log, Log::open(data_dir, {}));
  return model::Cursor{log->epoch(), log->tail()};
}

Result<model::Cursor> begin_epoch(const std::string& data_dir) {
  model::Cursor at;
  {
    MLG_TRY(log, Log::open(data_dir, {}));
    MLG_TRY(state, log->load_state());
    at.seq = state.seq();
    MLG_TRY(vectors, VectorStore::open(data_dir));
  }
  at.epoch = base::random_name(kEpochSize);
  MLG_TRY(opened, OpenDatabase::open(data_dir + "/log"));
  auto* meta = opened->family(kLogFamilies[kMeta]);
  auto* entries = opened->family(kLogFamilies[kEntries]);
  if (!meta || !entries) return fail(ErrorCode::kCorrupt, "the log's database is no log");
  std::string oldest;
  append_be(oldest, at.seq + 1);
  std::string first;
  append_be(first, std::uint64_t{0});
  rocksdb::WriteBatch batch;
  batch.Put(meta, kEpochKey, at.epoch);
  batch.Put(meta, kOldestKey, oldest);
  batch.DeleteRange(entries, first, oldest);
  batch.DeleteRange(meta, kBlockPrefix, kBehindBlocks);
  if (auto status = opened->db().Write(synced(), &batch); !status.ok())
    return rocks_error(status, "beginning an epoch");
  return at;
}

}  // namespace mlgraph::store
