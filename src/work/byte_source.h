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
  /// A descriptor of the same bytes as a regular file, for formats that seek; borrowed, read by
  /// position only.
  [[nodiscard]] virtual std::optional<int> file() const { return std::nullopt; }
};

/// Buffered reading of a ByteSource. Memory: a quarter of a megabyte, or the longest record asked
/// for.
class ByteReader {
 public:
  explicit ByteReader(ByteSource& source) : source_(source), buffer_(kStep) {}

  /// The next record without its end, or nullopt at the end of the bytes. `end_in` is given each
  /// byte once and in order, and answers where among them the newline stands that ends the record,
  /// or npos. errors kTooLarge naming the limit, and the source's.
  template <typename EndIn>
  [[nodiscard]] base::Result<std::optional<std::string_view>> record(
      std::size_t bytes_max, EndIn&& end_in
  ) {
    for (std::size_t searched = 0;;) {
      const std::size_t found = end_in(buffered().substr(searched));
      const bool ended = found != std::string_view::npos;
      const std::size_t size = ended ? searched + found : buffered().size();
      if (size > bytes_max) return too_long(bytes_max);
      if (ended || (at_end_ && size > 0)) return std::optional(take(size, ended));
      if (at_end_) return std::optional<std::string_view>();
      searched = size;
      MLG_TRY(any, more());
      static_cast<void>(any);
    }
  }
  /// Whether record() would answer without waiting for the source.
  template <typename EndIn>
  [[nodiscard]] bool is_ready(EndIn&& end_in) const {
    return at_end_ || end_in(buffered()) != std::string_view::npos;
  }
  /// A record is a line.
  [[nodiscard]] base::Result<std::optional<std::string_view>> line(std::size_t bytes_max);
  [[nodiscard]] bool line_ready() const;
  /// Whether the last record or line had an end of its own; the last of a file may lack it.
  [[nodiscard]] bool was_ended() const { return was_ended_; }

  /// Before the first record: passes over the mark that some programs begin UTF-8 texts with.
  [[nodiscard]] base::Result<void> skip_byte_order_mark();
  /// Exactly out.size() bytes; fewer only at the end (the count is returned).
  [[nodiscard]] base::Result<std::size_t> fill(std::span<char> out);
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }

 private:
  static constexpr std::size_t kStep = 256 * 1024;
  [[nodiscard]] std::string_view buffered() const {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  [[nodiscard]] base::Result<bool> more();
  [[nodiscard]] std::string_view take(std::size_t size, bool ended);
  [[nodiscard]] tl::unexpected<base::Error> too_long(std::size_t bytes_max) const;

  ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t consumed_ = 0;
  bool at_end_ = false;
  bool was_ended_ = true;
  bool mark_looked_for_ = false;
};

}  // namespace mlgraph::work
