#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"

namespace mlgraph::work {

/// Files that jobs make for whoever asks for them: at most one a job, below one private folder
/// (0700, files 0600). A file is found once it is whole, and until it is too old or there are too
/// many.
/// Place      one per server, over <data_dir>/results.
/// Threads    shared (guarded by mutex_; who reads a found file may see it gone).
/// Full       the oldest go first; the newest always stays, whatever its size.
class ResultFiles {
 public:
  static constexpr auto kKeptFor = std::chrono::hours(24);
  static constexpr std::size_t kFilesMax = 16;
  static constexpr std::uint64_t kBytesMax = std::uint64_t{10} << 30;

  ResultFiles(std::string folder, const base::Clock& clock)
      : folder_(std::move(folder)), clock_(clock) {}

  /// At start: makes the folder and removes what was never finished and what belongs to no job that
  /// `is_known` knows. errors kInternal.
  [[nodiscard]] base::Result<void> open(
      const std::function<bool(const std::string& job_id)>& is_known
  );

  /// A file that is being written. Gone with this object unless keep() was called.
  class Writing {
   public:
    ~Writing();
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    [[nodiscard]] int fd() const { return fd_; }  ///< for appending, at its begin now
    /// What is written is whole: syncs it, and from now on it is found. errors kNoSpace, kInternal.
    [[nodiscard]] base::Result<void> keep();

   private:
    friend class ResultFiles;
    Writing(ResultFiles& files, int fd, std::string name)
        : files_(files), fd_(fd), name_(std::move(name)) {}
    ResultFiles& files_;
    const int fd_;
    const std::string name_;  ///< what it will be found as, below the folder
    bool kept_ = false;
  };
  /// `suffix` says what the file is: "jsonl", "npy", "tar", and ".gz" or ".zst" behind it. errors
  /// kNoSpace, kReadonly, kInternal.
  [[nodiscard]] base::Result<std::unique_ptr<Writing>> create(
      const std::string& job_id, const std::string& suffix
  );

  struct Found {
    std::string path;
    std::string name;  ///< "<job id>.<suffix>"
    std::string content_type;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::optional<Found> find(const std::string& job_id) const;
  /// Removes what is too old or too many: now and then, and after each keep().
  void sweep();

 private:
  struct File {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t made_ms = 0;
  };
  [[nodiscard]] std::vector<File> list() const;
  [[nodiscard]] std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

  const std::string folder_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;  ///< names in the folder change with it held
};

}  // namespace mlgraph::work
