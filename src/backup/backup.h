#pragma once
// A data directory at rest, made into a folder that can be kept, checked and restored from. The
// format and why: docs/design/0012-snapshots-and-backups.md.
#include <string>

#include "backup/manifest.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/cursor.h"

namespace mlgraph::backup {

/// Copies the data directory `dir` into the new folder `out`: both databases, sealed parts, the
/// format's version, the admin token's file. `out` appears whole or not at all.
/// errors  kConflict (a server runs over `dir`; `out` holds something), kInvalidValue (`dir` is no
/// data directory), kNoSpace, kCorrupt, kInternal, naming the file.
[[nodiscard]] base::Result<Manifest> make(
    const std::string& dir, const std::string& out, const base::Clock& clock
);

/// Reads all of a backup. errors  kCorrupt naming file and place, kNotFound (no backup there).
[[nodiscard]] base::Result<Manifest> verify(const std::string& out);

/// Makes `dir`, which is absent or an empty folder, from a backup. It is made beside `dir`, each
/// piece verified as it is copied, and renamed once it is whole and on disk: an error leaves `dir`
/// as it was. The history begins anew: its epoch is another, so cursors of the former one are told
/// as expired. returns  where the restored log stands. errors   those of verify(), kConflict (`dir`
/// holds something), kInvalidValue (a newer data format), kNoSpace, kInternal.
[[nodiscard]] base::Result<model::Cursor> restore(const std::string& out, const std::string& dir);

}  // namespace mlgraph::backup
