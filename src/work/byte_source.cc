#include "work/byte_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

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

std::string_view ByteReader::take(std::size_t size, bool ended) {
  std::string_view text = buffered().substr(0, size);
  const std::size_t used = size + (ended ? 1 : 0);
  begin_ += used;
  consumed_ += used;
  was_ended_ = ended;
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

tl::unexpected<base::Error> ByteReader::too_long(std::size_t bytes_max) const {
  return fail(
      ErrorCode::kTooLarge, "a line at byte {} is longer than {} bytes", consumed_, bytes_max
  );
}

Result<std::optional<std::string_view>> ByteReader::line(std::size_t bytes_max) {
  return record(bytes_max, [](std::string_view fresh) { return fresh.find('\n'); });
}

bool ByteReader::line_ready() const {
  return is_ready([](std::string_view bytes) { return bytes.find('\n'); });
}

Result<void> ByteReader::skip_byte_order_mark() {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (std::exchange(mark_looked_for_, true)) return {};
  while (buffered().size() < kMark.size() && kMark.starts_with(buffered())) {
    MLG_TRY(any, more());
    if (!any) return {};
  }
  if (!buffered().starts_with(kMark)) return {};
  begin_ += kMark.size();
  consumed_ += kMark.size();
  return {};
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
