#pragma once
// A disk that fails and forgets on a test's word. The program's own write, fsync and fdatasync come
// before libc's, so RocksDB and the data directory run unchanged on top. Include in one file only.
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/mutex.h"

namespace mlgraph::testing {

/// Watches the files below one folder while it lives.
/// Threads  shared: calls come from RocksDB's threads.
class FaultyDisk {
 public:
  explicit FaultyDisk(std::string folder) : folder_(std::move(folder)) { current_ = this; }
  ~FaultyDisk() { current_ = nullptr; }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// The `n`-th call from now on (1: the next) fails with `error`, and with `persists` all after it
  /// too, until heal().
  void fail(int n, int error, bool persists) {
    error_ = error;
    persists_ = persists;
    fail_in_ = n;
  }
  void heal() { fail_in_ = 0; }
  [[nodiscard]] int calls() const { return calls_; }
  /// Runs before every `n`-th call from now on is carried out, on the thread that makes it.
  void before_every(int n, std::function<void()> hook) {
    base::MutexLock lock(mutex_);
    every_ = n;
    hook_ = std::move(hook);
  }

  /// What a power cut now might leave of the folder in `image`: of each file what was synced, and
  /// of the rest a random part, as written, as zeros or as noise.
  void cut_power(const std::string& image, std::mt19937_64& random) {
    std::filesystem::create_directories(image);
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder_)) {
      const auto target = image / std::filesystem::relative(item.path(), folder_);
      if (item.is_directory()) {
        std::filesystem::create_directories(target);
        continue;
      }
      std::ifstream in(item.path(), std::ios::binary);
      std::string content(std::istreambuf_iterator<char>(in), {});
      struct stat info {};
      if (stat(item.path().c_str(), &info) != 0) continue;
      std::size_t kept = 0;
      {
        base::MutexLock lock(mutex_);
        const auto synced = synced_.find(info.st_ino);
        if (synced != synced_.end()) kept = std::min(synced->second, content.size());
      }
      content.resize(kept + random() % (content.size() - kept + 1));
      const auto damage = random() % 3;
      // Pages reach the disk in any order: what is lost may lie before what is not.
      for (auto i = damage == 0 ? content.size() : kept + random() % (content.size() - kept + 1);
           i < content.size();
           ++i)
        content[i] = damage == 1 ? '\0' : static_cast<char>(random());
      std::ofstream(target, std::ios::binary) << content;
    }
  }

  // From the calls below.
  /// The error to answer with, or 0.
  static int on_call(int fd) {
    FaultyDisk* const disk = current_;
    if (!disk || busy_ || !disk->watches(fd)) return 0;
    busy_ = true;
    const int error = disk->count();
    busy_ = false;
    return error;
  }
  static void on_synced(int fd) {
    FaultyDisk* const disk = current_;
    struct stat info {};
    if (!disk || fstat(fd, &info) != 0) return;
    base::MutexLock lock(disk->mutex_);
    disk->synced_[info.st_ino] = static_cast<std::size_t>(info.st_size);
  }

 private:
  [[nodiscard]] bool watches(int fd) const {
    char path[4'096];
    const auto size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
    return size > 0 && std::string_view(path, static_cast<std::size_t>(size)).starts_with(folder_);
  }
  int count() {
    ++calls_;
    std::function<void()> hook;
    {
      base::MutexLock lock(mutex_);
      if (every_ > 0 && calls_ % every_ == 0) hook = hook_;
    }
    if (hook) hook();
    if (fail_in_ == 0) return 0;
    if (fail_in_ > 1) {
      --fail_in_;
      return 0;
    }
    if (!persists_) fail_in_ = 0;
    return error_;
  }

  inline static std::atomic<FaultyDisk*> current_{nullptr};
  inline static thread_local bool busy_ = false;  // the hook's own writes are not watched

  const std::string folder_;
  std::atomic<int> calls_{0};
  std::atomic<int> fail_in_{0};
  std::atomic<int> error_{0};
  std::atomic<bool> persists_{false};
  base::Mutex mutex_;
  int every_ MLG_GUARDED_BY(mutex_) = 0;
  std::function<void()> hook_ MLG_GUARDED_BY(mutex_);
  std::map<ino_t, std::size_t> synced_ MLG_GUARDED_BY(mutex_);
};

}  // namespace mlgraph::testing

extern "C" {
inline int mlgraph_faulty(int fd, long number, const void* data, std::size_t size, bool syncs) {
  if (const int error = mlgraph::testing::FaultyDisk::on_call(fd)) {
    errno = error;
    return -1;
  }
  const long done = syscall(number, fd, data, size);
  if (syncs && done == 0) mlgraph::testing::FaultyDisk::on_synced(fd);
  return static_cast<int>(done);
}
__attribute__((visibility("default"))) ssize_t write(int fd, const void* data, std::size_t size) {
  return mlgraph_faulty(fd, SYS_write, data, size, false);
}
__attribute__((visibility("default"))) int fsync(int fd) {
  return mlgraph_faulty(fd, SYS_fsync, nullptr, 0, true);
}
__attribute__((visibility("default"))) int fdatasync(int fd) {
  return mlgraph_faulty(fd, SYS_fdatasync, nullptr, 0, true);
}
}
