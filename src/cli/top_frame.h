#pragma once
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/top_model.h"

namespace mlgraph::cli {

struct FrameSize {
  std::size_t columns = 100;
  std::size_t rows = 0;  ///< 0: as many as there is to show
};

/// The screen of `mlgraph top` as lines of at most `size.columns`, at most `size.rows` of them:
/// what does not fit is counted. Indices come busiest first. Pure.
[[nodiscard]] std::vector<std::string> top_frame(
    const TopModel& model, const Terminal& terminal, const FrameSize& size
);

}  // namespace mlgraph::cli
