#pragma once
#include <memory>
#include <string>

#include "work/byte_source.h"
#include "work/row_buffer.h"
#include "work/snapshot_format.h"

namespace mlgraph::work {

/// Reads a snapshot's file as it streams in, see snapshot_format.h. Nothing of a block is handed on
/// before its checksum fits, and no count of the file is believed beyond its limit.
/// Memory   a block, twice.  Threads  confined.
/// Errors   kCorrupt naming block and byte; those of the source, saying how far it came.
class SnapshotReader {
 public:
  /// Reads the header. `bytes` outlives the reader.
  [[nodiscard]] static base::Result<std::unique_ptr<SnapshotReader>> open(ByteSource& bytes);
  ~SnapshotReader();

  [[nodiscard]] const SnapshotHead& head() const { return head_; }
  /// Appends the rows of the next block; false once the whole file has been read and fits its
  /// digest. `out` has the header's dimension; rows are numbered from 0 through the file.
  [[nodiscard]] base::Result<bool> next(RowBuffer& out);
  [[nodiscard]] std::uint64_t rows_read() const { return rows_; }

 private:
  explicit SnapshotReader(ByteSource& bytes);
  [[nodiscard]] base::Result<void> read_head();
  [[nodiscard]] base::Result<void> read_exactly(std::string& out, std::size_t size);
  [[nodiscard]] base::Result<void> read_trailer();
  [[nodiscard]] base::Result<void> parse_rows(std::uint32_t count, RowBuffer& out);
  [[nodiscard]] tl::unexpected<base::Error> damaged(const std::string& why) const;

  struct Inflater;
  ByteReader bytes_;
  const std::unique_ptr<Inflater> inflater_;
  SnapshotHash whole_{kWholeDigest};
  SnapshotHead head_;
  std::string head_bytes_;
  std::string block_;  ///< as stored
  std::string raw_;
  std::uint64_t blocks_ = 0;
  std::uint64_t block_at_ = 0;  ///< its first byte in the file
  std::uint64_t rows_ = 0;
  bool ended_ = false;
};

}  // namespace mlgraph::work
