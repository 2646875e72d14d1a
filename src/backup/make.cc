#include <algorithm>
#include <filesystem>
#include <map>

#include "backup/backup.h"
#include "backup/file.h"
#include "backup/pieces.h"
#include "store/offline.h"

namespace mlgraph::backup {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

/// Path within the backup -> where it is copied from.
using Sources = std::map<std::string, std::string>;

Result<void> add_folder(const std::string& folder, const std::string& name, Sources& sources) {
  std::error_code failed;
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
       it.increment(failed)) {
    const std::string path = name + "/" + it->path().filename().string();
    // A part that a crash left half written, and what is not ours.
    if (path.ends_with(".new") || !it->is_regular_file(failed)) continue;
    if (!is_backup_path(path))
      return fail(ErrorCode::kInternal, "{} has a name that no backup can hold", path);
    sources[path] = it->path().string();
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    return fail(ErrorCode::kInternal, "reading {}: {}", folder, failed.message());
  return {};
}

Result<Sources> collect(const std::string& dir, const std::string& databases) {
  Sources sources;
  MLG_TRY_VOID(add_folder(databases + "/log", "log", sources));
  MLG_TRY_VOID(add_folder(databases + "/vectors", "vectors", sources));
  MLG_TRY_VOID(add_folder(dir + "/parts", "parts", sources));
  for (const char* name : {"FORMAT", "admin.token"})
    if (std::filesystem::exists(dir + "/" + name)) sources[name] = dir + "/" + name;
  return sources;
}

Result<store::DataDir> lock(const std::string& dir) {
  if (!std::filesystem::exists(dir + "/FORMAT"))
    return fail(ErrorCode::kInvalidValue, "{} is no data directory of mlgraphd", dir);
  auto locked = store::DataDir::open(dir);
  if (!locked && locked.error().code == ErrorCode::kConflict)
    return fail(
        ErrorCode::kConflict,
        "{}: stop it first, a backup is of a server at rest",
        locked.error().message
    );
  return locked;
}

Result<void> check_apart(const std::string& dir, const std::string& out) {
  const auto inside = std::filesystem::path(out).lexically_relative(dir).string();
  if (!inside.empty() && inside != "." && !inside.starts_with(".."))
    return fail(ErrorCode::kInvalidValue, "{} lies within the data directory {}", out, dir);
  return {};
}

Result<void> write_manifest(const Manifest& manifest, const std::string& folder) {
  MLG_TRY(file, File::make(folder + "/" + kManifestName, kManifestName));
  MLG_TRY_VOID(file.write(format_manifest(manifest)));
  return file.sync();
}

}  // namespace

Result<Manifest> make(
    const std::string& dir_given, const std::string& out_given, const base::Clock& clock
) {
  const std::string dir = plain_path(dir_given);
  const std::string out = plain_path(out_given);
  MLG_TRY(locked, lock(dir));
  MLG_TRY_VOID(check_apart(dir, out));
  MLG_TRY_VOID(check_vacant(out));

  const std::string databases = dir + "/checkpoint.partial";
  const std::string beside = place_beside(out);
  remove_tree(databases);  // what a run that was cut has left
  remove_tree(beside);
  const Scaffold no_databases(databases);
  Scaffold no_half(beside);
  MLG_TRY(at, store::position(dir));
  MLG_TRY_VOID(store::checkpoint(locked, databases));
  MLG_TRY(sources, collect(dir, databases));

  Manifest manifest;
  manifest.id = model::format_cursor(at);
  manifest.made_at = clock.wall_now();
  manifest.data_format = store::DataDir::kFormat;
  MLG_TRY_VOID(make_folder(beside));
  for (const char* folder : {"/log", "/vectors", "/parts"}) {
    MLG_TRY_VOID(make_folder(beside + folder));
  }
  for (const auto& [path, source] : sources) {
    MLG_TRY(from, File::open(source, path));
    MLG_TRY(to, File::make(fmt::format("{}/{}", beside, path), path));
    MLG_TRY(copied, copy_summing(path, from, to));
    MLG_TRY_VOID(to.sync());
    manifest.files.push_back(std::move(copied));
  }
  MLG_TRY_VOID(write_manifest(manifest, beside));
  for (const char* folder : {"/log", "/vectors", "/parts", ""}) {
    MLG_TRY_VOID(sync_folder(beside + folder));
  }
  MLG_TRY_VOID(rename_folder(beside, out));
  no_half.keep();
  return manifest;
}

}  // namespace mlgraph::backup
