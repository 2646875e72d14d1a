#pragma once
#include <memory>
#include <string>

#include "store/vector_store.h"
#include "work/snapshot_format.h"

namespace mlgraph::work {

/// Where a snapshot's bytes go. errors  kNoSpace, kTooLarge, kReadonly, kInternal.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  [[nodiscard]] virtual base::Result<void> append(std::string_view bytes) = 0;
  /// Replaces the file's first bytes, which have been appended.
  [[nodiscard]] virtual base::Result<void> replace_start(std::string_view bytes) = 0;
};

/// Writes a snapshot's file, see snapshot_format.h. Memory: a block, twice. Threads: confined.
class SnapshotWriter {
 public:
  /// `head.rows` is not known yet. The sink outlives this.
  SnapshotWriter(SnapshotSink& sink, SnapshotHead head);
  ~SnapshotWriter();
  [[nodiscard]] base::Result<void> add(const store::RowView& row);
  /// No row comes after this.
  [[nodiscard]] base::Result<void> finish();
  [[nodiscard]] std::uint64_t rows() const { return head_.rows; }

 private:
  [[nodiscard]] base::Result<void> begin();
  [[nodiscard]] base::Result<void> end_block();

  struct Compressor;
  SnapshotSink& sink_;
  SnapshotHead head_;
  const std::unique_ptr<Compressor> compressor_;
  SnapshotHash whole_{kWholeDigest};
  std::string raw_;  ///< rows of the block that is being filled
  std::string out_;
  std::uint32_t block_rows_ = 0;
  std::uint64_t blocks_ = 0;
  bool begun_ = false;
};

}  // namespace mlgraph::work
