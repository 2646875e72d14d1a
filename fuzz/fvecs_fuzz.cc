// Vector files: application/x-fvecs, whole.
#include "row_source_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mlgraph::fuzz::read_rows("application/x-fvecs", data, size);
}
