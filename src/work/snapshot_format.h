#pragma once
// The bytes of a snapshot's file. All numbers are little-endian.
//
//   header   "MLGSNAP1" | u32 version | u32 settings size | u64 rows | settings (JSON) |
//            BLAKE2b-256 of all before
//   block    u32 kBlock | u32 rows | u32 raw size | u32 stored size | stored (one zstd frame) |
//            BLAKE2b-128 of all before from kBlock on
//   trailer  u32 kEnd | u32 0 | u64 blocks | BLAKE2b-256 of all blocks, the trailer's numbers, the
//   header
//
// A block inflates to rows:  u8 id size | u32 metadata size | id | metadata | values (f32 each)
// The header comes last in the whole digest: it is written last, when the rows have been counted.
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "model/index.h"

namespace mlgraph::work {

inline constexpr std::string_view kSnapshotMagic = "MLGSNAP1";
inline constexpr std::uint32_t kSnapshotVersion = 1;
inline constexpr std::uint32_t kSnapshotBlock = 0x314b4c42;  // "BLK1"
inline constexpr std::uint32_t kSnapshotEnd = 0x31444e45;    // "END1"
inline constexpr std::size_t kSnapshotSettingsMax = 64 * 1024;
/// A block is closed once it has so many raw bytes, so it has at most a row more.
inline constexpr std::size_t kSnapshotBlockBytes = std::size_t{1} << 20;
inline constexpr std::size_t kSnapshotRawMax = 2 * kSnapshotBlockBytes;

/// What a snapshot says of itself.
struct SnapshotHead {
  model::Index index;  ///< as of `id`; its counts are those of its last event
  std::string id;      ///< `<epoch>-<seq>` on the server it was taken on
  base::Timestamp taken_at;
  std::uint64_t rows = 0;
};
/// The header's bytes. Their number does not depend on `rows`.
[[nodiscard]] std::string encode_head(const SnapshotHead& head);
/// Of the first bytes of a file: how many a whole header has. errors  kCorrupt naming the place,
/// kInvalidValue for a newer version.
inline constexpr std::size_t kSnapshotHeadStart = 24;
[[nodiscard]] base::Result<std::size_t> head_size(std::string_view start);
/// errors  kCorrupt naming the place.
[[nodiscard]] base::Result<SnapshotHead> decode_head(std::string_view bytes);

template <typename Number>
void append_le(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}
template <typename Number>
[[nodiscard]] Number read_le(const char* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// BLAKE2b over pieces; `bytes` of digest.
class SnapshotHash {
 public:
  explicit SnapshotHash(std::size_t bytes);
  ~SnapshotHash();
  void add(std::string_view piece);
  [[nodiscard]] std::string digest();  ///< once
 private:
  struct State;
  const std::unique_ptr<State> state_;
  const std::size_t bytes_;
};
inline constexpr std::size_t kWholeDigest = 32;
inline constexpr std::size_t kBlockDigest = 16;
[[nodiscard]] std::string snapshot_digest(std::string_view bytes, std::size_t size);

}  // namespace mlgraph::work
