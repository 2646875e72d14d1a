#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/terminal.h"

namespace mlgraph::cli {

/// One event as one readable line: time, kind, and what matters about it. Text from the server is
/// escaped, so that no name can move the cursor.
[[nodiscard]] std::string event_line(
    const Terminal& terminal, std::string_view type, const base::Json& message
);

/// "[#########·····] 45 %  450,000 / 1,000,000  15,000/s  37s left" for a job object.
[[nodiscard]] std::string progress_bar(const base::Json& job, std::size_t width);

}  // namespace mlgraph::cli
