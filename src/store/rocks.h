#pragma once
// Included by this module's .cc files only: RocksDB's words in ours.
#include <cstdint>
#include <string>
#include <string_view>

#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include "base/error.h"

namespace mlgraph::store {

[[nodiscard]] inline tl::unexpected<base::Error> rocks_error(
    const rocksdb::Status& status, std::string_view doing
) {
  using base::ErrorCode;
  const std::string text = status.ToString();
  auto code = ErrorCode::kInternal;
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos)
    code = ErrorCode::kNoSpace;
  else if (text.find("Read-only file system") != std::string::npos)
    code = ErrorCode::kReadonly;
  else if (status.IsCorruption())
    code = ErrorCode::kCorrupt;
  else if (status.IsNotFound())
    code = ErrorCode::kNotFound;
  return base::fail(code, "{}: {}", doing, text);
}

/// Big-endian, so that RocksDB's byte order is the numbers' order.
template <typename Number>
void append_be(std::string& out, Number value) {
  for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}
template <typename Number>
[[nodiscard]] Number read_be(const char* at) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value = static_cast<Number>(value << 8 | static_cast<unsigned char>(at[i]));
  return value;
}

/// What both databases share: no compression, few information files, a torn tail of the write-ahead
/// log tolerated.
[[nodiscard]] inline rocksdb::Options common_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.compression = rocksdb::kNoCompression;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_open_files = 256;
  return options;
}

[[nodiscard]] inline rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace mlgraph::store
