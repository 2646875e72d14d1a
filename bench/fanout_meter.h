#pragma once
// What fanout_load measures with: a clock, the number of an event, latencies, and what the kernel
// knows of the server's process. Not part of the product.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <time.h>
#include <unistd.h>

namespace bench {

inline std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// The number behind "seq": in an event; 0 where there is none. Looks first where the last was.
class SeqFinder {
 public:
  std::uint64_t in(std::string_view text) {
    constexpr std::string_view kSeq = "\"seq\":";
    if (text.size() < at_ + kSeq.size() ||
        std::memcmp(text.data() + at_, kSeq.data(), kSeq.size()) != 0) {
      const auto at = text.find(kSeq);
      if (at == std::string_view::npos) return 0;
      at_ = at;
    }
    std::uint64_t seq = 0;
    for (std::size_t i = at_ + kSeq.size(); i < text.size() && text[i] >= '0' && text[i] <= '9';
         ++i)
      seq = seq * 10 + static_cast<std::uint64_t>(text[i] - '0');
    return seq;
  }

 private:
  std::size_t at_ = 0;
};

/// Latencies by the microsecond; those above four seconds are counted there, but for the most.
class Latencies {
 public:
  void add(std::uint64_t ns) {
    const std::uint64_t us = ns / 1'000;
    ++counts_[std::min<std::uint64_t>(us, counts_.size() - 1)];
    most_ = std::max(most_, us);
  }
  [[nodiscard]] std::uint64_t percentile(double q) const {
    const auto all = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
    const auto before = static_cast<std::uint64_t>(q * static_cast<double>(all));
    std::uint64_t seen = 0;
    for (std::size_t us = 0; us < counts_.size(); ++us)
      if ((seen += counts_[us]) > before) return us;
    return most_;
  }
  [[nodiscard]] std::uint64_t most() const { return most_; }

 private:
  std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(4'000'000);
  std::uint64_t most_ = 0;
};

/// A process up to now; all zero for pid 0.
struct Use {
  double cpu_ns = 0;   ///< of its threads that live, in user and kernel mode
  double user_ns = 0;  ///< sampled by the kernel's tick
  double resident_kib = 0;
};

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Use use_of(int pid) {
  Use use;
  if (pid == 0) return use;
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  for (const auto& task : std::filesystem::directory_iterator(process / "task"))
    use.cpu_ns += std::strtod(file_text(task.path() / "schedstat").c_str(), nullptr);
  const std::string stat = file_text(process / "stat");
  unsigned long user_ticks = 0;  // proc(5): the 14th field; the name before the ')' may hold spaces
  std::sscanf(
      stat.c_str() + stat.rfind(')') + 1,
      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu",
      &user_ticks
  );
  use.user_ns = static_cast<double>(user_ticks) * 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK));
  unsigned long pages = 0;
  std::sscanf(file_text(process / "statm").c_str(), "%*u %lu", &pages);
  use.resident_kib = static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
  return use;
}

}  // namespace bench
