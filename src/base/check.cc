#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace mlgraph::base {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(
      stderr, "level=fatal msg=\"check failed\" condition=\"%s\" at=%s:%d\n", condition, file, line
  );
  std::abort();
}
}  // namespace mlgraph::base
