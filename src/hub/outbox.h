#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "hub/hub.h"
#include "hub/local_frame.h"

namespace mlgraph::hub {

/// One place in a session's queue.
struct QueueNode {
  LocalRef item;
  QueueNode* next = nullptr;
};

/// The nodes of a loop's queues: taken one after the other, so that a turn's nodes lie side by
/// side, and used again. Threads: confined to the loop. Memory: by the most that was ever queued at
/// once, given back in whole when nothing is queued.
class QueueNodes {
 public:
  QueueNodes() = default;
  QueueNodes(const QueueNodes&) = delete;
  QueueNodes& operator=(const QueueNodes&) = delete;
  [[nodiscard]] QueueNode* take(LocalRef item);
  void give_back(QueueNode* node);

 private:
  static constexpr std::size_t kBlock = 256;
  static constexpr std::size_t kBlocksKept = 64;  // of an idle loop
  std::vector<std::unique_ptr<QueueNode[]>> blocks_;
  QueueNode* free_ = nullptr;
  std::size_t unused_ = 0;  ///< nodes of the last block that were never taken
  std::size_t taken_ = 0;
};

/// What a session has yet to send, in order: references to frames, and how far into the first one
/// the socket is.
/// Place      one per session; an empty one owns nothing.
/// Invariant  bytes() is the sum of the items' wire sizes less what was taken of the first.
/// Threads    confined to the loop.
/// Full       it does not refuse: LoopFeed asks bytes() before it pushes events.
class Outbox {
 public:
  explicit Outbox(Encoding encoding) : encoding_(encoding) {}
  /// `nodes`: the loop's, the same in every call.
  void push(LocalRef item, std::string_view epoch, QueueNodes& nodes);
  [[nodiscard]] Encoding encoding() const { return encoding_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return !first_; }
  /// Bytes `item` will take here, about (a stream's id line is estimated).
  [[nodiscard]] std::size_t size_of(const LocalFrame& item) const;

  /// Fills `pieces` from the front; stops after `bytes_max`. Sets `bytes` to what they hold.
  /// Returns how many.
  [[nodiscard]] std::size_t gather(
      std::span<iovec> pieces, std::size_t bytes_max, std::size_t& bytes
  ) const;
  /// Drops `bytes` from the front. Returns how many events that completed.
  std::size_t consume(std::size_t bytes, QueueNodes& nodes);
  /// Drops all but a frame the socket has taken a part of.
  void drop_unbegun(QueueNodes& nodes);
  void clear(QueueNodes& nodes);

 private:
  void drop_first(QueueNodes& nodes);

  QueueNode* first_ = nullptr;
  QueueNode* last_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t front_taken_ = 0;  ///< bytes of the first item the socket has
  Encoding encoding_;
};

}  // namespace mlgraph::hub
