#pragma once
#include <optional>
#include <string>

#include "backup/file.h"
#include "backup/manifest.h"

namespace mlgraph::backup {

/// Reads all of `from`, sums its pieces and, where there is a `to`, writes them there.
/// errors  those of the files.
[[nodiscard]] base::Result<BackupFile> copy_summing(const std::string& path, File& from, File& to);

/// Reads a file of the backup in `folder`, piece by piece, each compared with `expected` before it
/// is written to `to`, if there is one.
/// errors  kCorrupt naming file and place: missing, shorter or longer than it should be, bytes that
/// do not fit their checksum.
[[nodiscard]] base::Result<void> copy_verifying(
    const std::string& folder, const BackupFile& expected, File* to
);

}  // namespace mlgraph::backup
