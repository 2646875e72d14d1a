#include "index/sealed_part.h"

namespace mlgraph::index {

void SealedPart::index_positions() {
  positions.resize(segments());
  segment_rows.assign(segments(), 0);
  for (std::size_t i = 0; i < segments(); ++i) positions[i].assign(rows_upto[i], kNowhere);
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const auto of = segment_of(at);
    positions[of][rows[at]] = static_cast<std::uint32_t>(at);
    ++segment_rows[of];
  }
}

}  // namespace mlgraph::index
