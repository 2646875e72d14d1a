#pragma once
#include <memory>
#include <string_view>

#include "work/compression.h"
#include "work/spool.h"

namespace mlgraph::work {

/// Appends to a file, compressed or as it comes. Threads: confined. Errors  kNoSpace, kTooLarge
/// (see DiskRoom), kReadonly, kInternal.
class CompressingWriter {
 public:
  virtual ~CompressingWriter() = default;
  [[nodiscard]] virtual base::Result<void> write(std::string_view bytes) = 0;
  /// Writes what is held back; the last call.
  [[nodiscard]] virtual base::Result<void> finish() = 0;
};

/// `fd` outlives it. Of `room` only as much is asked as is about to be written.
[[nodiscard]] std::unique_ptr<CompressingWriter> make_compressing_writer(
    Compression compression, int fd, DiskRoom room
);

}  // namespace mlgraph::work
