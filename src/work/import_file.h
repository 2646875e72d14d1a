#pragma once
#include <memory>
#include <string>

#include "work/byte_source.h"
#include "work/compression.h"

namespace mlgraph::work {

/// A file of the import folder, open.
class ImportFile : public ByteSource {
 public:
  /// What tells that it is still the same file.
  struct Stamp {
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    bool operator==(const Stamp&) const = default;
  };
  [[nodiscard]] virtual const Stamp& stamp() const = 0;
};

/// A regular file below `folder`, opened so that the kernel refuses to leave it (RESOLVE_BENEATH,
/// no symbolic links). errors  kInvalidValue naming the source, kNotFound.
[[nodiscard]] base::Result<std::unique_ptr<ImportFile>> open_import_file(
    const std::string& folder, const std::string& source
);

/// What a file's name says of its content.
struct FileFormat {
  std::string content_type;  ///< of what is inside; empty when unknown
  Compression compression = Compression::kNone;
};
/// "a.npy" -> application/x-npy, "a.npy.gz" -> the same, in gzip, …
[[nodiscard]] FileFormat format_of(std::string file_name);

}  // namespace mlgraph::work
