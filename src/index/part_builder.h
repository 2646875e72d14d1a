#pragma once
// Makes sealed parts out of rows: what they have in common, and the door to either kind.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "index/ivf_part.h"
#include "index/part_file.h"
#include "index/training_set.h"

namespace mlgraph::index {

/// Phase and 0..1 of it; false: cancel. From any of the threads.
using BuildProgress = std::function<bool(std::string_view phase, double fraction)>;

struct BuildOptions {
  SealedPart::Kind kind = SealedPart::Kind::kIvf;
  std::uint32_t num_centroids = 0;  ///< 0: 4 * sqrt(rows), at least 39 rows a list
  /// Centroids and calibration are taken over from this part, for rows that it mostly holds.
  std::shared_ptr<const IvfPart> like;
  PartValues::Width width = PartValues::Width::kFloat;
  bool values_on_disk = false;  ///< they stay in the file
  std::size_t threads = 2;
  std::uint64_t seed = 42;
};

/// A part on disk, and ready to be searched.
struct BuiltPart {
  std::shared_ptr<const SealedPart> part;
  std::string checksum;
};

/// Builds a part and writes it to `path`. Phases: "training" (k-means by FAISS, an iteration a
/// step) and "assigning", or "linking" (hnswlib); then "coding", "writing", "calibrating",
/// "syncing".
/// errors   kCancelled, kInternal, and those of the file; nothing is left at `path` then.
[[nodiscard]] base::Result<BuiltPart> build_part(
    const TrainingSet& set,
    const BuildOptions& options,
    const std::string& path,
    const BuildProgress& progress
);

/// What build_part() is made of.
namespace building {

/// A part as far as it is arranged: no codes, values or calibration yet.
struct Arranged {
  std::shared_ptr<SealedPart> part;
  std::vector<std::uint32_t> order;  ///< [n] position -> place in the set
  /// Positions whose rows have not helped to arrange the part: queries to calibrate with.
  std::vector<std::uint32_t> queries;
};

[[nodiscard]] base::Result<Arranged> arrange_lists(
    const TrainingSet& set, const BuildOptions& options, const BuildProgress& progress
);

/// The first `chosen` of the returned places of [0, n) are a random choice in random order.
[[nodiscard]] std::vector<std::uint32_t> shuffled(
    std::size_t n, std::size_t chosen, std::uint64_t seed
);
/// Rows and segments of `part` as `order` says.
void take_rows(SealedPart& part, const TrainingSet& set, const std::vector<std::uint32_t>& order);
[[nodiscard]] tl::unexpected<base::Error> cancelled();
[[nodiscard]] tl::unexpected<base::Error> unreadable();

}  // namespace building
}  // namespace mlgraph::index
