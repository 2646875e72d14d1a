#pragma once
// What `mlgraph doctor` looks at, one line each.
#include <string>
#include <vector>

#include "cli/context.h"

namespace mlgraph::cli {

enum class Verdict { kWell, kWarning, kWrong };

struct Finding {
  Verdict verdict = Verdict::kWell;
  std::string what;    ///< "connection"
  std::string saying;  ///< "127.0.0.1:7700, 0.3 ms"
  std::string remedy;  ///< empty where nothing is to be done
  int code = 1;        ///< the exit code when it is wrong
};

/// From the address to the alerts; a check that needs one that failed is left out.
[[nodiscard]] std::vector<Finding> check_server(const Context& context);
/// A data directory on this machine: whose it is, who may read it, how full its disk is.
[[nodiscard]] std::vector<Finding> check_data_directory(const std::string& folder);
/// How many files this process, and servers of this user, may have open.
[[nodiscard]] Finding check_open_files();

}  // namespace mlgraph::cli
