#pragma once
// Makes graphs out of rows. hnswlib stays in the .cc.
#include <memory>

#include "index/graph_part.h"
#include "index/part_builder.h"

namespace mlgraph::index {

/// Links rows by hnswlib, which forgets them once the part has its links.
/// Phase      "linking".
/// Memory     while it builds, the values once more and about 250 bytes a row.
/// Lifetime   of one build; the set is borrowed.
class GraphBuilder {
 public:
  GraphBuilder(const TrainingSet& set, const BuildOptions& options, const BuildProgress& progress);
  ~GraphBuilder();

  /// All rows get a position, and all but the queries to calibrate with, which come last, links.
  [[nodiscard]] base::Result<building::Arranged> arrange();
  /// Links the queries too.
  [[nodiscard]] base::Result<void> link_the_rest(GraphPart& part);

 private:
  class Links;
  [[nodiscard]] base::Result<void> link(std::size_t begin, std::size_t end);

  const TrainingSet& set_;
  const BuildOptions& options_;
  const BuildProgress& progress_;
  std::unique_ptr<Links> links_;
  std::vector<std::uint32_t> order_;
  std::size_t linked_ = 0;
};

}  // namespace mlgraph::index
