// Filters: what parses is evaluated over a few rows, and never passes a row that is not there.
#include <string>

#include "base/check.h"
#include "base/json.h"
#include "index/filter.h"
#include "index/metadata_columns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = mlgraph::base::parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  const auto filter = mlgraph::index::parse_filter(*json);
  if (!filter) return 0;
  constexpr std::uint32_t kRows = 70;  // more than a word of bits
  mlgraph::index::MetadataColumns columns;
  for (std::uint32_t row = 0; row < kRows; row += 2) {
    const std::string metadata =
        R"({"a":)" + std::to_string(row) + R"(,"b":{"c":["x",true,1.5]},"d":"x"})";
    columns.add(row, *mlgraph::base::parse_json(metadata));
  }
  std::uint64_t seen = 0;
  columns.evaluate(*filter, kRows).each([&](std::uint32_t row) {
    MLG_CHECK(row < kRows);
    ++seen;
  });
  MLG_CHECK(seen == columns.evaluate(*filter, kRows).count());
  return 0;
}
