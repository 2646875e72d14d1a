#include "backup/pieces.h"

#include <algorithm>

namespace mlgraph::backup {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<BackupFile> copy_summing(const std::string& path, File& from, File& to) {
  BackupFile file;
  file.path = path;
  std::vector<char> piece(kPieceBytes);
  for (;;) {
    MLG_TRY(n, from.read(piece));
    if (n == 0) return file;
    const std::string_view bytes(piece.data(), n);
    file.pieces.push_back(digest_of(bytes));
    file.bytes += n;
    MLG_TRY_VOID(to.write(bytes));
  }
}

Result<void> copy_verifying(const std::string& folder, const BackupFile& expected, File* to) {
  auto from = File::open(folder + "/" + expected.path, expected.path);
  if (!from && from.error().code == ErrorCode::kNotFound)
    return fail(
        ErrorCode::kCorrupt, "{} is missing, it should have {} bytes", expected.path, expected.bytes
    );
  if (!from) return tl::unexpected(from.error());
  MLG_TRY(size, from->size());
  if (size != expected.bytes)
    return fail(
        ErrorCode::kCorrupt,
        "{} is {}: it has {} bytes and should have {}",
        expected.path,
        size < expected.bytes ? "cut" : "too long",
        size,
        expected.bytes
    );
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, size)));
  std::uint64_t at = 0;
  for (const auto& digest : expected.pieces) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, size - at));
    MLG_TRY(n, from->read({piece.data(), wanted}));
    if (n < wanted)
      return fail(
          ErrorCode::kCorrupt,
          "{} is cut: it ends at byte {} of {}",
          expected.path,
          at + n,
          expected.bytes
      );
    const std::string_view bytes(piece.data(), n);
    if (digest_of(bytes) != digest)
      return fail(
          ErrorCode::kCorrupt,
          "{} is damaged: bytes {} to {} do not fit their checksum",
          expected.path,
          at,
          at + n - 1
      );
    if (to) {
      MLG_TRY_VOID(to->write(bytes));
    }
    at += n;
  }
  return {};
}

}  // namespace mlgraph::backup
