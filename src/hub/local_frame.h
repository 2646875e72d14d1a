#pragma once
// A loop's own handle on a frame: counted without atomics, so that giving it to a session costs an
// increment.
#include <cstdint>
#include <string>
#include <utility>

#include "hub/hub.h"

namespace mlgraph::hub {

/// One thing to send: a shared event frame, or bytes of this session alone (an answer, a control
/// frame). Threads  confined to its loop.
struct LocalFrame {
  FramePtr frame;  ///< null: `owned` is sent as it is
  std::string owned;
  std::string sse_head;  ///< "id: …\ndata: ", made when the first stream needs it
  const protocol::Scopes* asked = nullptr;  ///< the last scopes asked about this frame,
  bool visible = false;                     ///< and what they see: most sessions share a token
  std::uint32_t references = 0;
};

/// A counted reference. Threads: confined to its loop.
class LocalRef {
 public:
  LocalRef() = default;
  explicit LocalRef(LocalFrame* frame) : frame_(frame) { retain(); }
  LocalRef(const LocalRef& other) : frame_(other.frame_) { retain(); }
  LocalRef(LocalRef&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  LocalRef& operator=(LocalRef other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~LocalRef() {
    if (frame_ && --frame_->references == 0) delete frame_;
  }
  [[nodiscard]] static LocalRef shared(FramePtr frame) {
    auto* local = new LocalFrame;
    local->frame = std::move(frame);
    return LocalRef(local);
  }
  [[nodiscard]] static LocalRef owned(std::string bytes) {
    auto* local = new LocalFrame;
    local->owned = std::move(bytes);
    return LocalRef(local);
  }
  LocalFrame* operator->() const { return frame_; }
  LocalFrame& operator*() const { return *frame_; }

 private:
  void retain() {
    if (frame_) ++frame_->references;
  }
  LocalFrame* frame_ = nullptr;
};

}  // namespace mlgraph::hub
