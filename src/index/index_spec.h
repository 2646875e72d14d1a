#pragma once
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/index.h"

namespace mlgraph::index {

/// The body of POST /indices as an index object with its shards born active. errors kInvalidValue
/// naming member and limit.
[[nodiscard]] base::Result<model::Index> parse_index_spec(
    const base::Json& spec, const std::string& node
);

struct PatchedIndex {
  model::Index object;
  std::vector<std::string> changed;  ///< members that differ; empty: nothing changes
};
/// Merges the members given. errors kInvalidValue for what cannot be changed or does not fit.
[[nodiscard]] base::Result<PatchedIndex> apply_patch(
    const model::Index& object, const base::Json& changes
);

}  // namespace mlgraph::index
