// HDF5 files, spooled and opened by libhdf5: what is fuzzed is what we ask of it, and it.
#include "row_source_fuzz.h"

/// libhdf5 1.10 loses some hundred bytes for many a damaged file that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mlgraph::fuzz::read_rows("application/x-hdf5", data, size);
}
