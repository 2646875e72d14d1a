#pragma once
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace mlgraph::gateway {

/// Counts wrong tokens by address. The first kFreeAMinute of a minute are answered like any unknown
/// token; beyond them the answer says to wait, each time twice as long. A good token is never held
/// up. Memory     kAddressesMax addresses, the least recent goes. Threads    guarded by its owner.
class WrongTokens {
 public:
  static constexpr std::uint32_t kFreeAMinute = 100;

  /// Counts one more. returns  kUnauthorized, or kRateLimited with the time to wait.
  [[nodiscard]] base::Error count(const std::string& remote, base::SteadyTime now);

  struct Budget {
    std::uint32_t limit = kFreeAMinute;
    std::uint32_t remaining = kFreeAMinute;
    std::uint32_t reset_seconds = 0;  ///< until all are free again
  };
  [[nodiscard]] Budget budget(const std::string& remote, base::SteadyTime now) const;

 private:
  struct Count {
    std::uint32_t wrong;
    base::SteadyTime since;
    std::list<std::string>::iterator place;
  };
  std::map<std::string, Count> counts_;
  std::list<std::string> oldest_;  ///< of the same addresses
};

}  // namespace mlgraph::gateway
