#include <filesystem>

#include "backup/backup.h"
#include "backup/file.h"
#include "backup/pieces.h"
#include "store/offline.h"

namespace mlgraph::backup {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::uint64_t kManifestMax = std::uint64_t{256} << 20;  // of 16 TiB of files

Result<Manifest> read_manifest(const std::string& folder) {
  auto file = File::open(folder + "/" + kManifestName, kManifestName);
  if (!file && file.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kNotFound, "{} is no backup: it has no {}", folder, kManifestName);
  if (!file) return tl::unexpected(file.error());
  MLG_TRY(size, file->size());
  if (size > kManifestMax)
    return fail(
        ErrorCode::kCorrupt, "{} has {} bytes, the limit is {}", kManifestName, size, kManifestMax
    );
  std::string text(static_cast<std::size_t>(size), '\0');
  MLG_TRY(n, file->read(text));
  text.resize(n);
  return parse_manifest(text);
}

/// The folder that is to become the data directory, locked against another restore.
Result<store::DataDir> begin_beside(const std::string& beside) {
  auto locked = store::DataDir::open(beside);
  if (!locked && locked.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict, "another restore is under way in {}", beside);
  if (!locked) return locked;
  std::error_code failed;
  for (const auto& left : std::filesystem::directory_iterator(beside, failed))
    if (left.path().filename() != "LOCK-mlgraph") std::filesystem::remove_all(left.path(), failed);
  if (failed) return fail(ErrorCode::kInternal, "clearing {}: {}", beside, failed.message());
  return locked;
}

Result<void> copy_all(const std::string& out, const Manifest& manifest, const std::string& to) {
  for (const char* folder : {"/log", "/vectors", "/parts"}) {
    MLG_TRY_VOID(make_folder(to + folder));
  }
  for (const auto& file : manifest.files) {
    MLG_TRY(copy, File::make(to + "/" + file.path, file.path));
    MLG_TRY_VOID(copy_verifying(out, file, &copy));
    MLG_TRY_VOID(copy.sync());
  }
  return {};
}

}  // namespace

Result<Manifest> verify(const std::string& out_given) {
  const std::string out = plain_path(out_given);
  MLG_TRY(manifest, read_manifest(out));
  for (const auto& file : manifest.files) {
    MLG_TRY_VOID(copy_verifying(out, file, nullptr));
  }
  return manifest;
}

Result<model::Cursor> restore(const std::string& out_given, const std::string& dir_given) {
  const std::string out = plain_path(out_given);
  const std::string dir = plain_path(dir_given);
  MLG_TRY(manifest, read_manifest(out));
  if (manifest.data_format > store::DataDir::kFormat)
    return fail(
        ErrorCode::kInvalidValue,
        "the backup's data is of format {}, this version reads up to {}: use a newer mlgraphd",
        manifest.data_format,
        store::DataDir::kFormat
    );
  MLG_TRY_VOID(check_vacant(dir));
  const std::string beside = place_beside(dir);
  MLG_TRY(locked, begin_beside(beside));
  Scaffold no_half(beside);
  MLG_TRY_VOID(copy_all(out, manifest, beside));
  MLG_TRY(at, store::begin_epoch(beside));
  for (const char* folder : {"/log", "/vectors", "/parts", ""}) {
    MLG_TRY_VOID(sync_folder(beside + folder));
  }
  MLG_TRY_VOID(rename_folder(beside, dir));
  no_half.keep();
  return at;
}

}  // namespace mlgraph::backup
