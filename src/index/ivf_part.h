#pragma once
// A sealed part: rows grouped by their nearest centroid. Immutable once built.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "index/probing.h"
#include "model/index.h"

namespace mlgraph::index {

/// Threads: immutable.
struct IvfPart {
  std::uint32_t dim = 0;
  model::Metric metric = model::Metric::kL2;
  std::uint32_t rows_upto = 0;         ///< every row below it that lived at the seal is in the part
  ProbeRule probing;                   ///< calibrated for a recall of 0.95
  std::vector<float> centroids;        ///< [nlist, dim]
  std::vector<std::uint64_t> offsets;  ///< [nlist + 1] into rows and values
  std::vector<std::uint32_t> rows;     ///< [n] row numbers, by list
  std::vector<float> values;           ///< [n, dim], by list
  std::vector<std::uint32_t>
      positions;  ///< [rows_upto] row -> position, kNowhere; derived, not stored
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  [[nodiscard]] std::uint32_t nlist() const {
    return static_cast<std::uint32_t>(offsets.size() - 1);
  }
  [[nodiscard]] const float* row(std::uint32_t row) const {
    if (row >= positions.size() || positions[row] == kNowhere) return nullptr;
    return values.data() + std::size_t{positions[row]} * dim;
  }
  void index_positions();
};

/// On disk, little-endian:
///   "MLGPART2" | u32 dim | u32 metric | u32 nlist | u32 rows_upto | u64 n | probing u32[5] | u32 0
///   | centroids f32[nlist*dim] | offsets u64[nlist+1] | rows u32[n] | values f32[n*dim] |
///   BLAKE2b-256 of all before it
/// Written beside and renamed, file and folder synced. Returns the checksum (hex). errors kNoSpace,
/// kReadonly, kInternal.
[[nodiscard]] base::Result<std::string> write_part(const IvfPart& part, const std::string& path);
/// errors kCorrupt naming file and place (also of a file by an earlier server: parts are derived,
/// and made anew); nothing is allocated from a count the file's size does not bear out.
[[nodiscard]] base::Result<std::shared_ptr<const IvfPart>> read_part(
    const std::string& path, const std::string& checksum
);

}  // namespace mlgraph::index
