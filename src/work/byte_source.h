#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mlgraph::work {

/// Bytes that stream in: a request body, a file. Threads: confined to the reader, which read() may
/// block.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to out.size() bytes; 0 at the end. errors kBadRequest (cut short), kTimeout, kInternal.
  [[nodiscard]] virtual base::Result<std::size_t> read(std::span<char> out) = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> length() const = 0;
};

/// Buffered reading of a ByteSource. Memory: a quarter of a megabyte, or the longest line asked
/// for.
class ByteReader {
 public:
  explicit ByteReader(ByteSource& source) : source_(source), buffer_(kStep) {}
  /// The next line without its end, or nullopt at the end. errors kTooLarge naming the limit, and
  /// the source's.
  [[nodiscard]] base::Result<std::optional<std::string_view>> line(std::size_t bytes_max);
  /// Whether line() would answer without waiting for the source.
  [[nodiscard]] bool line_ready() const;
  /// Exactly out.size() bytes; fewer only at the end (the count is returned).
  [[nodiscard]] base::Result<std::size_t> fill(std::span<char> out);
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }

 private:
  static constexpr std::size_t kStep = 256 * 1024;
  [[nodiscard]] base::Result<bool> more();
  ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t consumed_ = 0;
  bool at_end_ = false;
};

}  // namespace mlgraph::work
