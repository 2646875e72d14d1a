#include "gateway/net/body_decoder.h"

#include <algorithm>
#include <charconv>

#include "gateway/net/request_head.h"

namespace mlgraph::gateway {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kSizeDigitsMax = 16;
constexpr std::size_t kLineEnd = 2;  // CR LF

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

BodyDecoder::BodyDecoder(std::optional<std::uint64_t> length, Limits limits)
    : limits_(limits), state_(State::kSize) {
  if (!length) return;
  left_ = *length;
  state_ = left_ == 0 ? State::kDone : State::kCounted;
}

Result<std::size_t> BodyDecoder::decode(std::string_view in, const Take& take) {
  const std::size_t before = in.size();
  while (!in.empty() && !done()) {
    if (state_ == State::kCounted || state_ == State::kChunk) {
      const auto piece =
          in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
      in.remove_prefix(piece.size());
      left_ -= piece.size();
      received_ += piece.size();
      MLG_TRY_VOID(take(piece));
      if (left_ == 0) state_ = state_ == State::kCounted ? State::kDone : State::kChunkEnd;
      continue;
    }
    MLG_TRY(whole, read_line(in));
    if (!whole) break;
    MLG_TRY_VOID(on_line());
    line_.clear();
  }
  return before - in.size();
}

/// Takes bytes up to the end of a line; true: line_ is whole.
Result<bool> BodyDecoder::read_line(std::string_view& in) {
  const auto end = in.find('\n');
  const auto piece = in.substr(0, end == std::string_view::npos ? end : end + 1);
  const auto longest = [&](std::size_t max) {
    return line_.size() + piece.size() <= max + kLineEnd;
  };
  if (state_ == State::kSize && !longest(limits_.chunk_line_max))
    return fail(
        ErrorCode::kBadRequest, "a chunk's size line has more than {} bytes", limits_.chunk_line_max
    );
  if (state_ == State::kChunkEnd && !longest(0))
    return fail(ErrorCode::kBadRequest, "a chunk is longer than its size");
  if (state_ == State::kTrailer && !longest(limits_.trailers_max))
    return fail(
        ErrorCode::kHeadersTooLarge, "the trailers have more than {} bytes", limits_.trailers_max
    );
  line_.append(piece);
  in.remove_prefix(piece.size());
  if (end == std::string_view::npos) return false;
  if (!line_.ends_with("\r\n"))
    return fail(ErrorCode::kBadRequest, "lines between chunks end in CR LF");
  line_.resize(line_.size() - kLineEnd);
  return true;
}

Result<void> BodyDecoder::on_line() {
  if (state_ == State::kTrailer) return read_trailer();
  if (state_ == State::kSize) return read_size();
  state_ = State::kSize;  // the line end behind a chunk
  return {};
}

/// "1a4", "1a4;name=value"
Result<void> BodyDecoder::read_size() {
  const auto digits = static_cast<std::size_t>(
      std::find_if_not(line_.begin(), line_.end(), is_hex) - line_.begin()
  );
  const std::string_view extensions = std::string_view(line_).substr(digits);
  const auto name = extensions.find_first_not_of(" \t");
  if (digits == 0 ||
      (!extensions.empty() && (name == std::string_view::npos || extensions[name] != ';')))
    return fail(ErrorCode::kBadRequest, "a chunk does not begin with its size");
  if (digits > kSizeDigitsMax)
    return fail(ErrorCode::kBadRequest, "a chunk's size has more than {} digits", kSizeDigitsMax);
  if (std::any_of(extensions.begin(), extensions.end(), is_control))
    return fail(ErrorCode::kBadRequest, "a chunk's size line has control characters");
  extensions_ += extensions.size();
  if (extensions_ > limits_.extensions_max)
    return fail(
        ErrorCode::kBadRequest,
        "the chunks' extensions have more than {} bytes",
        limits_.extensions_max
    );
  std::from_chars(line_.data(), line_.data() + digits, left_, 16);
  if (left_ > limits_.body_max - received_)  // what was received has been within it
    return fail(ErrorCode::kTooLarge, "the body has more than {} bytes", limits_.body_max);
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  return {};
}

Result<void> BodyDecoder::read_trailer() {
  if (line_.empty()) {
    state_ = State::kDone;
    return {};
  }
  trailers_ += line_.size() + 2;
  if (++trailer_lines_ > limits_.trailer_lines_max || trailers_ > limits_.trailers_max)
    return fail(
        ErrorCode::kHeadersTooLarge,
        "the trailers have more than {} lines or {} bytes",
        limits_.trailer_lines_max,
        limits_.trailers_max
    );
  return check_header_line(line_);
}

}  // namespace mlgraph::gateway
