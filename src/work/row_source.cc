#include "work/row_source.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "model/names.h"
#include "work/hdf5_source.h"
#include "work/json_rows.h"

namespace mlgraph::work {

namespace {

constexpr std::array<std::string_view, 6> kTypes = {
    "application/x-ndjson",
    "application/x-npy",
    "text/csv",
    "application/x-fvecs",
    "application/x-bvecs",
    "application/x-hdf5"};

}  // namespace

bool is_row_type(std::string_view type) {
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

base::Result<std::unique_ptr<RowSource>> make_row_source(
    std::string_view content_type,
    ByteSource& bytes,
    std::uint32_t dimension,
    const RowOptions& options
) {
  const std::string& prefix = options.id_prefix;
  if (prefix.size() > index::kVectorIdMax || !is_utf8(prefix))
    return base::fail_at(
        "id_prefix",
        base::ErrorCode::kInvalidValue,
        "id_prefix '{}' must be UTF-8 of at most {} bytes",
        model::printable(prefix),
        index::kVectorIdMax
    );
  if (content_type == kTypes[0]) return make_jsonl_source(bytes);
  if (content_type == kTypes[1]) return make_npy_source(bytes, dimension, prefix);
  if (content_type == kTypes[2]) return make_csv_source(bytes);
  if (content_type == kTypes[3]) return make_fvecs_source(bytes, dimension, prefix);
  if (content_type == kTypes[4]) return make_bvecs_source(bytes, dimension, prefix);
  if (content_type == kTypes[5]) return make_hdf5_source(bytes, dimension, options);
  return base::fail(
      base::ErrorCode::kBadRequest,
      "Content-Type '{}' is none of {}",
      model::printable(content_type),
      fmt::join(kTypes, ", ")
  );
}

tl::unexpected<base::Error> cut_short(std::uint64_t row, const base::Error& reason) {
  return base::fail(
      base::ErrorCode::kBadRequest, "the body ends in the middle of row {}: {}", row, reason.message
  );
}

}  // namespace mlgraph::work
