#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "work/byte_source.h"

namespace mlgraph::work {

/// How much a temporary or resulting file may take of a disk.
struct DiskRoom {
  std::uint64_t bytes_max = std::uint64_t{64} << 30;
  std::uint64_t left_min = std::uint64_t{512} << 20;  ///< what stays free
  /// Whether `more` bytes may be written beside the file `fd` of `bytes` bytes. errors kTooLarge,
  /// kNoSpace naming the limit.
  [[nodiscard]] base::Result<void> check(int fd, std::uint64_t bytes, std::uint64_t more) const;
};

/// A stream's bytes as a private file, for as long as this lives. What a killed process leaves in
/// the folder the next start clears. Threads    confined.
class Spool {
 public:
  static constexpr std::size_t kStepBytes = std::size_t{8} << 20;

  /// `folder` is made if it is not there. errors kNoSpace, kReadonly, kInternal.
  [[nodiscard]] static base::Result<std::unique_ptr<Spool>> open(
      const std::string& folder, DiskRoom room = {}
  );
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Takes up to kStepBytes; false once `from` is at its end. A length that is known is asked room
  /// for before its first byte. errors those of `from` and of DiskRoom.
  [[nodiscard]] base::Result<bool> take(ByteSource& from);
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whoever has it open goes on reading; its bytes go with the last of them.
  void unlink();
  /// Removes all that stands in `folder`. At start, before the first one is opened.
  static void clear(const std::string& folder);

 private:
  Spool(std::string path, int fd, DiskRoom room) : path_(std::move(path)), fd_(fd), room_(room) {}
  const std::string path_;
  const int fd_;
  const DiskRoom room_;
  std::uint64_t bytes_ = 0;
  bool unlinked_ = false;
};

/// Writes all of `bytes`. errors kNoSpace, kReadonly, kInternal.
[[nodiscard]] base::Result<void> write_all(int fd, std::string_view bytes);

}  // namespace mlgraph::work
