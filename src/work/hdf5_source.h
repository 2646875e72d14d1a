#pragma once
#include <memory>

#include "work/row_source.h"

namespace mlgraph::work {

/// Rows of a two-dimensional dataset of floats or integers in an HDF5 file, as ann-benchmarks has
/// them. HDF5 seeks: what is no regular file is spooled below `options.spool_dir` first.
///
/// A file is not believed: a dataset must store what it promises within the file, as one piece or
/// in chunks without filters. Links to, and storage in, other files are refused. libhdf5 stays in
/// the .cc, where one mutex serialises it: Debian's build is not safe in threads.
[[nodiscard]] std::unique_ptr<RowSource> make_hdf5_source(
    ByteSource& bytes, std::uint32_t dimension, const RowOptions& options
);

}  // namespace mlgraph::work
