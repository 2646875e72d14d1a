#include "gateway/net/body_pipe.h"

#include <algorithm>
#include <cstring>

namespace mlgraph::gateway {
namespace {
constexpr auto kAskEvery = std::chrono::milliseconds(100);
constexpr std::size_t kPieceMax = 16 * 1024;
}  // namespace

bool BodyPipe::push(std::string_view bytes) {
  base::MutexLock lock(mutex_);
  if (!bytes.empty()) {
    // Chunks of a byte each would cost a hundred times what they hold.
    if (!pieces_.empty() && pieces_.back().size() + bytes.size() <= kPieceMax)
      pieces_.back().append(bytes);
    else
      pieces_.emplace_back(bytes);
    bytes_ += bytes.size();
    ready_.notify_one();
  }
  full_ = bytes_ >= kBytesMax;
  return !full_;
}

void BodyPipe::finish() {
  base::MutexLock lock(mutex_);
  finished_ = true;
  ready_.notify_all();
}

void BodyPipe::fail(base::Error error) {
  base::MutexLock lock(mutex_);
  if (!finished_ && !error_) error_ = std::move(error);
  ready_.notify_all();
}

bool BodyPipe::has_room() const {
  base::MutexLock lock(mutex_);
  return !full_;
}

base::Result<std::size_t> BodyPipe::read(std::span<char> out) {
  bool room = false;
  std::size_t copied = 0;
  {
    base::MutexLock lock(mutex_);
    while (pieces_.empty() && !finished_ && !error_) {
      if (interrupted_ && interrupted_())
        return base::fail(base::ErrorCode::kCancelled, "the job was asked to stop");
      static_cast<void>(ready_.wait_until(mutex_, std::chrono::steady_clock::now() + kAskEvery));
    }
    if (pieces_.empty()) {
      if (error_) return tl::unexpected(*error_);
      return std::size_t{0};
    }
    while (copied < out.size() && !pieces_.empty()) {
      const std::string& piece = pieces_.front();
      const std::size_t n = std::min(out.size() - copied, piece.size() - offset_);
      std::memcpy(out.data() + copied, piece.data() + offset_, n);
      copied += n;
      offset_ += n;
      if (offset_ == piece.size()) {
        pieces_.pop_front();
        offset_ = 0;
      }
    }
    bytes_ -= copied;
    if (full_ && bytes_ <= kBytesMax / 2) {
      full_ = false;
      room = true;
    }
  }
  if (room) on_room_();
  return copied;
}

}  // namespace mlgraph::gateway
