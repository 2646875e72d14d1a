// Bodies of REST: vectors as JSON, filters, index specs.
#include <array>
#include <string_view>

#include "base/check.h"
#include "base/json_numbers.h"
#include "index/filter.h"
#include "index/index_spec.h"
#include "work/json_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  mlgraph::work::RowBuffer rows(2);
  if (mlgraph::work::parse_vectors_body(text, rows)) MLG_CHECK(rows.rows() > 0);
  mlgraph::work::RowBuffer lines(2);
  static_cast<void>(mlgraph::work::parse_vectors_ndjson(text, lines));
  constexpr std::array<std::string_view, 2> kPlaces = {"vectors[].values[]", "vector[]"};
  const auto readable = mlgraph::base::with_readable_numbers(text, kPlaces);
  const auto json = mlgraph::base::parse_json(text);
  if (!json) return 0;
  MLG_CHECK(!readable || mlgraph::base::parse_json(*readable));  // what was JSON stays JSON
  static_cast<void>(mlgraph::index::parse_filter(*json));
  if (const auto index = mlgraph::index::parse_index_spec(*json, "n1"))
    MLG_CHECK(!index->shards.empty());
  return 0;
}
