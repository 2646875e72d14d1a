#include "work/byte_source.h"

#include <algorithm>
#include <cstring>

namespace mlgraph::work {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<bool> ByteReader::more() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  MLG_TRY(n, source_.read({buffer_.data() + end_, buffer_.size() - end_}));
  end_ += n;
  at_end_ = n == 0;
  return n > 0;
}

Result<std::optional<std::string_view>> ByteReader::line(std::size_t bytes_max) {
  std::size_t searched = begin_;
  for (;;) {
    const void* found = std::memchr(buffer_.data() + searched, '\n', end_ - searched);
    const std::size_t size =
        (found ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) : end_
        ) -
        begin_;
    if (size > bytes_max)
      return fail(
          ErrorCode::kTooLarge, "a line at byte {} is longer than {} bytes", consumed_, bytes_max
      );
    if (found || (at_end_ && size > 0)) {
      std::string_view text(buffer_.data() + begin_, size);
      const std::size_t used = size + (found ? 1 : 0);
      begin_ += used;
      consumed_ += used;
      if (text.ends_with('\r')) text.remove_suffix(1);
      return std::optional(text);
    }
    if (at_end_) return std::optional<std::string_view>();
    const std::size_t have = end_ - begin_;
    MLG_TRY(any, more());
    static_cast<void>(any);
    searched = begin_ + have;
  }
}

bool ByteReader::line_ready() const {
  return at_end_ || std::memchr(buffer_.data() + begin_, '\n', end_ - begin_) != nullptr;
}

Result<std::size_t> ByteReader::fill(std::span<char> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    if (begin_ == end_) {
      MLG_TRY(any, more());
      if (!any) break;
    }
    const std::size_t n = std::min(out.size() - filled, end_ - begin_);
    std::memcpy(out.data() + filled, buffer_.data() + begin_, n);
    begin_ += n;
    filled += n;
  }
  consumed_ += filled;
  return filled;
}

}  // namespace mlgraph::work
