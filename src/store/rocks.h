#pragma once
// Included by this module's .cc files only: RocksDB's words in ours.
#include <cstdint>
#include <string>
#include <string_view>

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/error.h"

namespace mlgraph::store {

/// What a client may be told of a failure. RocksDB's own words name files of the server: they go to
/// the log, at most once a second.
[[nodiscard]] tl::unexpected<base::Error> rocks_error(
    const rocksdb::Status& status, std::string_view doing
);

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

/// What both databases share. No compression. A torn tail of the write-ahead log, as a power cut
/// leaves it, ends the log there. RocksDB's own messages go to our log: its LOG file would be one
/// more that a full disk breaks, fatally (Debian builds it with assertions). After a write error,
/// Resume() makes the database writable again as soon as the disk is.
[[nodiscard]] rocksdb::Options common_options();

[[nodiscard]] inline rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

/// Makes the folder a database is to live in; RocksDB complains in its log about a missing one.
void make_folder(const std::string& path);

}  // namespace mlgraph::store
