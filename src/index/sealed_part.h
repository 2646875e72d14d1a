#pragma once
// A sealed part: rows that no longer change, arranged so that a search need not pass all of them.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "index/distance.h"
#include "index/metadata_columns.h"
#include "index/part_values.h"
#include "index/probing.h"
#include "index/row_table.h"
#include "index/scalar_quantizer.h"
#include "index/top_k.h"
#include "model/index.h"

namespace mlgraph::index {

/// One shard's rows as one search sees them. Borrowed for the search.
struct Scope {
  std::uint32_t shard = 0;
  std::uint32_t seen = 0;           ///< rows below it
  const RowTable* table = nullptr;  ///< null: every row lives
  const Bitmap* allowed = nullptr;  ///< null: no filter
  [[nodiscard]] bool has(std::uint32_t row) const {
    return (!allowed || allowed->test(row)) && (!table || table->alive(row, seen));
  }
};

/// What a search wants of a part, and what it has found so far. Threads: confined.
struct PartSearch {
  const model::Metric metric;
  const std::span<const float> query;  ///< [dim], normalised for COSINE
  const Distance& distance;
  TopK& top;
  std::size_t k = 10;
  std::optional<std::uint32_t> nprobe = {};  ///< just as many lists; none: as calibrated
  std::optional<std::uint32_t> ef = {};  ///< as many near vertices are kept; none: as calibrated
  bool exact = false;
  std::vector<const Scope*> scopes = {};  ///< by segment; null: that shard is not looked at here
  double share = 1;                       ///< of the part's rows that can be hits
  bool filtered = false;
  std::uint64_t computed = 0;  ///< distances
  bool failed = false;         ///< the disk did not give what it should
};

/// Immutable once built. Rows go by position; a part of several shards (tier merged) has a segment
/// of each.
struct SealedPart {
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  enum class Kind : std::uint8_t { kIvf = 1, kGraph = 2 };

  explicit SealedPart(Kind of) : kind(of) {}
  virtual ~SealedPart() = default;
  SealedPart(const SealedPart&) = delete;
  SealedPart& operator=(const SealedPart&) = delete;

  /// Offers the nearest rows to `search.top`.
  virtual void search(PartSearch& search) const = 0;
  /// About how many rows a search for the `nearest` rows measures.
  [[nodiscard]] virtual double rows_measured(const PartSearch& search, double nearest) const = 0;

  [[nodiscard]] std::size_t size() const { return rows.size(); }
  [[nodiscard]] std::size_t segments() const { return shards.size(); }
  [[nodiscard]] std::uint32_t segment_of(std::size_t position) const {
    return segment.empty() ? 0 : segment[position];
  }
  /// Where row `row` of a segment lies, or kNowhere.
  [[nodiscard]] std::uint32_t position_of(std::size_t at_segment, std::uint32_t row) const {
    const auto& of = positions[at_segment];
    return row < of.size() ? of[row] : kNowhere;
  }
  /// Whether the row at `position` can be a hit; the scope it is seen through.
  [[nodiscard]] const Scope* hit_at(const PartSearch& search, std::size_t position) const {
    const Scope* scope = search.scopes[segment_of(position)];
    return scope && scope->has(rows[position]) ? scope : nullptr;
  }
  /// Fills in what is derived from the rest.
  void index_positions();

  const Kind kind;
  std::uint32_t dim = 0;
  model::Metric metric = model::Metric::kL2;
  std::vector<std::uint32_t> shards;     ///< [segments] whose rows they are
  std::vector<std::uint32_t> rows_upto;  ///< [segments] all rows below that lived are in the part
  ProbeRule probing;                     ///< calibrated for a recall of 0.95
  std::vector<std::uint32_t> rows;       ///< [n] row numbers
  std::vector<std::uint8_t> segment;     ///< [n]; empty: there is but one
  std::optional<CodedRows> codes;        ///< [n]; none where values are too large
  PartValues values;                     ///< [n, dim]
  std::vector<std::vector<std::uint32_t>> positions;  ///< [segments][row]; derived
  std::vector<std::uint64_t> segment_rows;            ///< [segments]; derived
};

}  // namespace mlgraph::index
