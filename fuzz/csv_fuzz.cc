// Vector files: text/csv, whole.
#include "row_source_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mlgraph::fuzz::read_rows("text/csv", data, size);
}
