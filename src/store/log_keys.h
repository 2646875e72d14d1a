#pragma once
// Where the log's database keeps what: its column families and the keys of the first one. Included
// by this module's .cc files only.
#include <array>
#include <string>

#include <rocksdb/db.h>

namespace mlgraph::store {

inline constexpr std::size_t kMeta = 0;
inline constexpr std::size_t kEntries = 1;
inline constexpr std::size_t kState = 2;
inline constexpr std::size_t kConfig = 3;
inline const std::array<std::string, 4> kLogFamilies = {
    rocksdb::kDefaultColumnFamilyName, "entries", "state", "config"};

inline constexpr const char* kEpochKey = "epoch";
inline constexpr const char* kOldestKey = "oldest";
/// Before a block's number: what the log knows of blocks of entries.
inline constexpr const char* kBlockPrefix = "block/";
inline constexpr const char* kBehindBlocks = "block0";  // '0' follows '/'
inline constexpr std::size_t kEpochSize = 12;

}  // namespace mlgraph::store
