// Bodies of REST: vectors as JSON, filters, index specs.
#include <string_view>

#include "base/check.h"
#include "index/filter.h"
#include "index/index_spec.h"
#include "work/json_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  mlgraph::work::RowBuffer rows(2);
  if (mlgraph::work::parse_vectors_body(text, rows)) MLG_CHECK(rows.rows() > 0);
  mlgraph::work::RowBuffer lines(2);
  static_cast<void>(mlgraph::work::parse_vectors_ndjson(text, lines));
  const auto json = mlgraph::base::parse_json(text);
  if (!json) return 0;
  static_cast<void>(mlgraph::index::parse_filter(*json));
  if (const auto index = mlgraph::index::parse_index_spec(*json, "n1"))
    MLG_CHECK(!index->shards.empty());
  return 0;
}
