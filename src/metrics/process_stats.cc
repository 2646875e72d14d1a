#include "metrics/process_stats.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include <time.h>
#include <unistd.h>

namespace mlgraph::metrics {
namespace {

constexpr auto kDiskEvery = std::chrono::seconds(5);

std::uint64_t number_in(const char* file, std::uint64_t otherwise) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  return in >> value ? value : otherwise;
}

std::uint64_t memory_limit(std::uint64_t configured) {
  struct sysinfo info {};
  sysinfo(&info);
  std::uint64_t limit = std::uint64_t{info.totalram} * info.mem_unit;
  limit = std::min(limit, number_in("/sys/fs/cgroup/memory.max", limit));  // cgroup 2
  limit =
      std::min(limit, number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", limit));  // cgroup 1
  return configured ? std::min(limit, configured) : limit;
}

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t bytes_below(const std::string& folder) {
  std::uint64_t sum = 0;
  std::error_code ec;
  std::filesystem::recursive_directory_iterator it(
      folder, std::filesystem::directory_options::skip_permission_denied, ec
  );
  for (; !ec && it != std::filesystem::recursive_directory_iterator(); it.increment(ec)) {
    std::error_code gone;  // files come and go under a running store
    if (const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0; !gone) sum += size;
  }
  return sum;
}

double process_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

/// Since Linux 6.2 the folder's size is the count. Before, its entries are counted: with 10,000
/// sessions 15 ms of a core.
std::uint64_t open_descriptors() {
  struct stat folder {};
  if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
    return static_cast<std::uint64_t>(folder.st_size);
  std::error_code ec;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", ec);
       !ec && it != std::filesystem::directory_iterator();
       it.increment(ec))
    ++count;
  return count;
}

}  // namespace

ProcessStats::ProcessStats(
    std::string data_dir, std::uint64_t configured_limit_bytes, const base::Clock& clock
)
    : data_dir_(std::move(data_dir)),
      configured_limit_bytes_(configured_limit_bytes),
      clock_(clock),
      started_(clock.steady_now()),
      last_at_(started_),
      last_cpu_seconds_(process_cpu_seconds()) {}

ProcessSample ProcessStats::sample() {
  const auto now = clock_.steady_now();
  ProcessSample sample;
  sample.resident_bytes = resident_bytes();
  sample.memory_limit_bytes = memory_limit(configured_limit_bytes_);
  const double cpu = process_cpu_seconds();
  const double seconds = std::chrono::duration<double>(now - last_at_).count();
  if (seconds > 0) sample.cpu_percent = std::max(0.0, (cpu - last_cpu_seconds_) / seconds * 100);
  last_cpu_seconds_ = cpu;
  last_at_ = now;
  if (!disk_known_ || now - disk_at_ >= kDiskEvery) {
    disk_used_bytes_ = bytes_below(data_dir_);
    disk_at_ = now;
    disk_known_ = true;
  }
  sample.disk_used_bytes = disk_used_bytes_;
  struct statvfs disk {};
  if (statvfs(data_dir_.c_str(), &disk) == 0) {
    sample.disk_total_bytes = std::uint64_t{disk.f_blocks} * disk.f_frsize;
    sample.disk_free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  }
  sample.uptime_seconds = std::chrono::duration<double>(now - started_).count();
  sample.open_descriptors = open_descriptors();
  return sample;
}

}  // namespace mlgraph::metrics
