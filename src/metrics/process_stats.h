#pragma once
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace mlgraph::metrics {

/// What the kernel says of this process and its disk.
struct ProcessSample {
  std::uint64_t resident_bytes = 0;
  std::uint64_t memory_limit_bytes = 0;  ///< the least of configured limit, cgroup limit and RAM
  double cpu_percent = 0;                ///< of one core, since the last sample
  std::uint64_t disk_used_bytes = 0;     ///< of the data directory's own files
  std::uint64_t disk_total_bytes = 0;    ///< of its file system
  std::uint64_t disk_free_bytes = 0;
  double uptime_seconds = 0;
  std::uint64_t open_descriptors = 0;
};

/// Threads: confined to the sampler.
class ProcessStats {
 public:
  ProcessStats(
      std::string data_dir, std::uint64_t configured_limit_bytes, const base::Clock& clock
  );
  [[nodiscard]] ProcessSample sample();

 private:
  const std::string data_dir_;
  const std::uint64_t configured_limit_bytes_;
  const base::Clock& clock_;
  const base::SteadyTime started_;
  base::SteadyTime last_at_;
  double last_cpu_seconds_ = 0;
  bool disk_known_ = false;  ///< the folder is walked every few seconds only
  base::SteadyTime disk_at_;
  std::uint64_t disk_used_bytes_ = 0;
};

}  // namespace mlgraph::metrics
