#pragma once
// Files of vectors, read row by row as they stream in.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "work/byte_source.h"
#include "work/row_buffer.h"

namespace mlgraph::work {

/// A row that cannot be used is told here, by its number, and passed over. The message names what
/// is wrong inside the row.
using RowErrorSink = std::function<void(std::uint64_t row, std::string message)>;

/// Threads: confined to one import.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Appends up to `rows_max` rows; false once the file is at its end and nothing was added. Rows
  /// appended before an error are whole rows of the file.
  /// errors  kInvalidVector (the whole file does not fit the index), kBadRequest, kTooLarge,
  /// kTimeout naming the place.
  [[nodiscard]] virtual base::Result<bool> next(
      RowBuffer& out, std::size_t rows_max, const RowErrorSink& on_bad_row
  ) = 0;
  /// Rows in all, once the file has said so.
  [[nodiscard]] virtual std::optional<std::uint64_t> total() const = 0;
  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
  /// Whether bytes read are a measure of what is done, while there is no total.
  [[nodiscard]] virtual bool is_measured_by_bytes() const { return true; }
};

/// What only some formats ask for.
struct RowOptions {
  std::string id_prefix = {};     ///< before the row numbers of formats without ids
  std::string dataset = "train";  ///< of an HDF5 file
  std::string spool_dir = {};     ///< where HDF5 files stand while they are read
};

/// Makes the reader for a Content-Type: application/x-ndjson, application/x-npy, text/csv,
/// application/x-fvecs, application/x-bvecs, application/x-hdf5. errors kBadRequest naming the type
/// and those supported, kInvalidValue for options that fit no row.
[[nodiscard]] base::Result<std::unique_ptr<RowSource>> make_row_source(
    std::string_view content_type,
    ByteSource& bytes,
    std::uint32_t dimension,
    const RowOptions& options
);
[[nodiscard]] bool is_row_type(std::string_view content_type);
/// kBadRequest for a file that ends within a row, of which `reason` is what could be read.
[[nodiscard]] tl::unexpected<base::Error> cut_short(std::uint64_t row, const base::Error& reason);

[[nodiscard]] std::unique_ptr<RowSource> make_jsonl_source(ByteSource& bytes);
[[nodiscard]] std::unique_ptr<RowSource> make_npy_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
);
[[nodiscard]] std::unique_ptr<RowSource> make_csv_source(ByteSource& bytes);
[[nodiscard]] std::unique_ptr<RowSource> make_fvecs_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
);
[[nodiscard]] std::unique_ptr<RowSource> make_bvecs_source(
    ByteSource& bytes, std::uint32_t dimension, std::string id_prefix
);

}  // namespace mlgraph::work
