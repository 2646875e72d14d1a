#pragma once
// What a backup says of itself: which files, how long, and a checksum of each piece of them.
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace mlgraph::backup {

/// BLAKE2b of 256 bits.
using Digest = std::array<unsigned char, 32>;
[[nodiscard]] Digest digest_of(std::string_view bytes);

/// Files are summed in pieces of so many bytes, so that damage is told by its place.
inline constexpr std::size_t kPieceBytes = std::size_t{4} << 20;
inline constexpr int kBackupFormat = 1;
inline constexpr const char* kManifestName = "MANIFEST";

struct BackupFile {
  std::string path;  ///< see is_backup_path()
  std::uint64_t bytes = 0;
  std::vector<Digest> pieces;
};

struct Manifest {
  base::Timestamp made_at;
  int data_format = 0;  ///< of the data directory, store::DataDir::kFormat
  std::string id;       ///< where the log stood, `<epoch>-<seq>`
  std::vector<BackupFile> files;
  [[nodiscard]] std::uint64_t bytes() const;
};

/// "FORMAT", "admin.token", or a plain name in one of the folders log, vectors and parts: nothing
/// that leads out of the folder it is put in.
[[nodiscard]] bool is_backup_path(std::string_view path);

/// Lines of JSON: the backup, each of its files, and a last one with the digest of all before it.
///   {"mlgraph_backup":1,"made_at":"…","data_format":1,"id":"…","piece_bytes":4194304,"files":2}
///   {"path":"log/000012.sst","bytes":5000000,"pieces":["<64 hex digits>","…"]}
///   …
///   {"blake2b":"<64 hex digits>"}
[[nodiscard]] std::string format_manifest(const Manifest& manifest);
/// errors  kCorrupt naming the line; kInvalidValue for a newer format.
[[nodiscard]] base::Result<Manifest> parse_manifest(std::string_view text);

}  // namespace mlgraph::backup
