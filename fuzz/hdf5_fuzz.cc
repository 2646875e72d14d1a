// HDF5 files, spooled and opened by libhdf5: what is fuzzed is what we ask of it, and it.
#include "row_source_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mlgraph::fuzz::read_rows("application/x-hdf5", data, size);
}
