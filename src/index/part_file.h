#pragma once
// Sealed parts on disk.
#include <memory>
#include <string>

#include "base/error.h"
#include "index/hashed_file.h"
#include "index/sealed_part.h"

namespace mlgraph::index {

/// On disk, little-endian, values first, so that they can be read from there before the part is
/// whole:
///   values f32 or f16 [n*dim] | shards u32[segments] | rows_upto u32[segments] | rows u32[n] |
///   segment u8[n] (several segments) | low, step f32[dim], codes u8[n*stride], norms f32[n]
///   (coded; norms under L2) | ivf: centroids f32[nlist*dim], offsets u64[nlist+1] | graph: links
///   u32[n*width], then by layer vertices u32[m], links u32[m*width/2] | footer (see part_file.cc)
///   | BLAKE2b-256 of all before it
/// Written beside and renamed, file and folder synced.
/// Lifetime   of one writing; what is not finished is removed.
class PartFile {
 public:
  explicit PartFile(std::string path);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// errors kNoSpace, kReadonly, kInternal, as all that follows.
  [[nodiscard]] base::Result<void> open();
  /// The next values.
  [[nodiscard]] base::Result<void> write(const void* data, std::size_t size);
  /// The file as it is, for reading the values written so far.
  [[nodiscard]] base::Result<std::shared_ptr<const OpenFile>> opened_values() const;
  /// Writes the rest. Returns the checksum (hex).
  [[nodiscard]] base::Result<std::string> finish(const SealedPart& part);

 private:
  const std::string path_;
  const std::string beside_;
  std::unique_ptr<HashedFile> file_;
};

/// errors kCorrupt naming file and place (also of a file by an earlier server: parts are derived,
/// and made anew); nothing is allocated from a count the file's size does not bear out.
[[nodiscard]] base::Result<std::shared_ptr<const SealedPart>> read_part(
    const std::string& path, const std::string& checksum, bool values_on_disk
);

}  // namespace mlgraph::index
