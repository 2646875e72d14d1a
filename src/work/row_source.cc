#include "work/row_source.h"

#include "model/names.h"
#include "work/json_rows.h"

namespace mlgraph::work {

bool is_row_type(std::string_view type) {
  return type == "application/x-ndjson" || type == "application/x-npy" || type == "text/csv" ||
         type == "application/x-fvecs";
}

base::Result<std::unique_ptr<RowSource>> make_row_source(
    std::string_view content_type,
    ByteSource& bytes,
    std::uint32_t dimension,
    const std::string& id_prefix
) {
  if (id_prefix.size() > index::kVectorIdMax || !is_utf8(id_prefix))
    return base::fail_at(
        "id_prefix",
        base::ErrorCode::kInvalidValue,
        "id_prefix '{}' must be UTF-8 of at most {} bytes",
        model::printable(id_prefix),
        index::kVectorIdMax
    );
  if (content_type == "application/x-ndjson") return make_jsonl_source(bytes);
  if (content_type == "application/x-npy") return make_npy_source(bytes, dimension, id_prefix);
  if (content_type == "text/csv") return make_csv_source(bytes);
  if (content_type == "application/x-fvecs") return make_fvecs_source(bytes, dimension, id_prefix);
  return base::fail(
      base::ErrorCode::kBadRequest,
      "Content-Type '{}' is none of application/x-ndjson, application/x-npy, text/csv, "
      "application/x-fvecs",
      model::printable(content_type)
  );
}

tl::unexpected<base::Error> cut_short(std::uint64_t row, const base::Error& reason) {
  return base::fail(
      base::ErrorCode::kBadRequest, "the body ends in the middle of row {}: {}", row, reason.message
  );
}

}  // namespace mlgraph::work
