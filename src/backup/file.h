#pragma once
// Files of a backup, read and written front to back; errors name the file.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlgraph::backup {

/// Errors  kNotFound, kNoSpace, kReadonly, kCorrupt (no regular file), kInternal, naming `shown`.
/// Threads confined.
class File {
 public:
  /// shown   what errors call it: its path within the backup.
  [[nodiscard]] static base::Result<File> open(const std::string& path, std::string shown);
  /// A new file, for the owner alone. kConflict: there is one.
  [[nodiscard]] static base::Result<File> make(const std::string& path, std::string shown);
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();

  /// Fills `out`; fewer bytes only at the end.
  [[nodiscard]] base::Result<std::size_t> read(std::span<char> out);
  [[nodiscard]] base::Result<void> write(std::string_view bytes);
  [[nodiscard]] base::Result<void> sync();
  [[nodiscard]] base::Result<std::uint64_t> size() const;
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  File(int fd, std::string shown) : fd_(fd), shown_(std::move(shown)) {}
  int fd_ = -1;
  std::string shown_;
};

/// errors  as File's; for folders.
[[nodiscard]] base::Result<void> make_folder(const std::string& path);
[[nodiscard]] base::Result<void> sync_folder(const std::string& path);
/// `to` is absent or an empty folder; it is replaced at once, durably.
[[nodiscard]] base::Result<void> rename_folder(const std::string& from, const std::string& to);
/// errors  kConflict naming `path`, which is neither absent nor an empty folder.
[[nodiscard]] base::Result<void> check_vacant(const std::string& path);
/// Where a folder is made before it is renamed to `path`: hidden, beside it. What stands there was
/// left by a run that was cut.
[[nodiscard]] std::string place_beside(const std::string& path);
/// `path` without a last '/', and absolute.
[[nodiscard]] std::string plain_path(const std::string& path);

void remove_tree(const std::string& path);

/// Removes a folder of ours when the block is left, unless keep() was called.
class Scaffold {
 public:
  explicit Scaffold(std::string path) : path_(std::move(path)) {}
  ~Scaffold();
  Scaffold(const Scaffold&) = delete;
  Scaffold& operator=(const Scaffold&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace mlgraph::backup
