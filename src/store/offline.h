#pragma once
// What is done to a data directory's databases while no server runs over them.
#include <string>

#include "base/error.h"
#include "model/cursor.h"
#include "store/log.h"

namespace mlgraph::store {

/// Makes `<folder>/log` and `<folder>/vectors`: each database as it stands now, with all that its
/// write-ahead log held. On the same file system the large files are hard links to the originals,
/// so this takes no space and little time; whoever wants to keep them copies them. dir      locked,
/// so no server runs over it. folder   does not exist. errors   kCorrupt, kNoSpace, kReadonly,
/// kInternal.
[[nodiscard]] base::Result<void> checkpoint(const DataDir& dir, const std::string& folder);

/// Where the log of a data directory stands. errors  as Log::open().
[[nodiscard]] base::Result<model::Cursor> position(const std::string& data_dir);

/// Begins another history: the log gets a new epoch and forgets its entries, for they carry ids of
/// the former one. State, configuration and the numbering go on, so no id is ever given twice.
/// Opens both databases, so what returns can be started from.
/// returns  the new epoch's position. errors  kCorrupt, kNoSpace, kInternal.
[[nodiscard]] base::Result<model::Cursor> begin_epoch(const std::string& data_dir);

}  // namespace mlgraph::store
