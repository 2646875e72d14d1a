#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "hub/hub.h"
#include "hub/local_frame.h"

namespace mlgraph::hub {

/// What a session has yet to send, in order: references to frames, and how far into the first one
/// the socket is. Place      one per session. An empty one that never sent owns no memory.
/// Invariant  bytes() is the sum of the items' wire sizes less what was taken of the first.
/// Threads    confined to the loop.
/// Full       it does not refuse: LoopFeed asks bytes() before it pushes events.
class Outbox {
 public:
  explicit Outbox(Encoding encoding) : encoding_(encoding) {}

  /// `epoch` names the cursor in a stream's "id:" line.
  void push(LocalRef item, std::string_view epoch);
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Bytes `frame` will take here, about (a stream's id line is estimated).
  [[nodiscard]] std::size_t size_of(const Frame& frame) const;

  /// Fills `pieces` from the front; stops after `bytes_max`. Sets `bytes` to what they hold.
  /// Returns how many.
  [[nodiscard]] std::size_t gather(
      std::span<iovec> pieces, std::size_t bytes_max, std::size_t& bytes
  ) const;
  /// Drops `bytes` from the front. Returns how many events that completed.
  std::size_t consume(std::size_t bytes);
  /// Drops all but an item the socket has taken a part of.
  void drop_unbegun();
  void clear();

 private:
  [[nodiscard]] std::size_t wire_size(const LocalFrame& item) const;
  [[nodiscard]] LocalRef& at(std::size_t i) { return items_[(head_ + i) & (items_.size() - 1)]; }
  [[nodiscard]] const LocalRef& at(std::size_t i) const {
    return items_[(head_ + i) & (items_.size() - 1)];
  }

  std::vector<LocalRef> items_;  ///< a ring; its size is 0 or a power of two
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t front_taken_ = 0;  ///< bytes of the first item the socket has
  std::size_t bytes_ = 0;
  Encoding encoding_;
};

}  // namespace mlgraph::hub
