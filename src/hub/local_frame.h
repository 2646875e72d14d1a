#pragma once
// A loop's own handle on a frame: counted without atomics, so that giving it to a session costs an
// increment.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "hub/hub.h"

namespace mlgraph::hub {

/// Scopes that the sessions of a token share in a loop, under a number that no other scopes of the
/// loop ever had. Immutable.
struct NumberedScopes {
  protocol::Scopes scopes;
  std::uint64_t number = 0;  ///< from 1
};

/// One thing to send: a shared event frame, several of them in one piece, or bytes of one session
/// alone (an answer, a control frame). Threads  confined to its loop.
struct LocalFrame {
  FramePtr frame;  ///< null: `owned` is sent as it is
  std::string owned;
  std::vector<std::uint32_t> ends;  ///< in `owned`, of each event's frame
  std::string sse_head;             ///< "id: …\ndata: ", made when the first stream needs it
  std::uint32_t references = 0;

  [[nodiscard]] std::size_t events() const { return frame ? 1 : ends.size(); }
  /// Whether `scopes` see the event. The last answer is kept: most sessions share a token.
  [[nodiscard]] bool visible_to(const NumberedScopes& to) const {
    if (asked_ != to.number) {
      asked_ = to.number;
      visible_ = to.scopes.sees(frame->kind, frame->entity, frame->index);
    }
    return visible_;
  }

 private:
  mutable std::uint64_t asked_ = 0;  // a number, not an address: those come back
  mutable bool visible_ = false;
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
  explicit operator bool() const { return frame_ != nullptr; }
  LocalFrame* operator->() const { return frame_; }
  LocalFrame& operator*() const { return *frame_; }

 private:
  void retain() {
    if (frame_) ++frame_->references;
  }
  LocalFrame* frame_ = nullptr;
};

}  // namespace mlgraph::hub
