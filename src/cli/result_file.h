#pragma once
#include <string>

#include "cli/context.h"

namespace mlgraph::cli {

/// Downloads a job's result into FILE.part, which becomes FILE once it is whole; "-" is standard
/// output. errors kNoSpace: cannot be written; and what the server says.
[[nodiscard]] base::Result<void> download_result(
    const Context& context, const std::string& job_id, const std::string& file
);

}  // namespace mlgraph::cli
