#include "hub/outbox.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace mlgraph::hub {
namespace {
constexpr std::string_view kStreamEnd = "\n\n";
constexpr std::string_view kStreamData = "data: ";
constexpr std::size_t kStreamHeadEstimate = 48;

using Pieces = std::array<std::string_view, 3>;

Pieces pieces_of(const LocalFrame& item, Encoding encoding) {
  if (!item.frame) return {item.owned, {}, {}};
  if (encoding == Encoding::kWebSocket) return {item.frame->wire, {}, {}};
  if (encoding == Encoding::kWebSocketDeflate) return {item.frame->deflated_wire(), {}, {}};
  return {item.sse_head, item.frame->json(), kStreamEnd};
}

std::size_t wire_size(const LocalFrame& item, Encoding encoding) {
  if (!item.frame) return item.owned.size();
  if (encoding == Encoding::kWebSocket) return item.frame->wire.size();
  std::size_t size = 0;
  for (const auto piece : pieces_of(item, encoding)) size += piece.size();
  return size;
}
}  // namespace

QueueNode* QueueNodes::take(LocalRef item) {
  QueueNode* node = free_;
  if (node) {
    free_ = node->next;
  } else {
    if (unused_ == 0) {
      blocks_.push_back(std::make_unique<QueueNode[]>(kBlock));
      unused_ = kBlock;
    }
    node = &blocks_.back()[kBlock - unused_--];
  }
  ++taken_;
  node->item = std::move(item);
  node->next = nullptr;
  return node;
}

void QueueNodes::give_back(QueueNode* node) {
  node->item = LocalRef();
  node->next = std::exchange(free_, node);
  if (--taken_ > 0 || blocks_.size() <= kBlocksKept) return;
  free_ = nullptr;
  unused_ = 0;
  blocks_.clear();
}

void Outbox::push(LocalRef item, std::string_view epoch, QueueNodes& nodes) {
  if (encoding_ == Encoding::kServerSentEvents && item->frame && item->sse_head.empty()) {
    if (item->frame->seq != 0)
      item->sse_head.append("id: ")
          .append(epoch)
          .append("-")
          .append(std::to_string(item->frame->seq))
          .append("\n");
    item->sse_head += kStreamData;
  }
  bytes_ += wire_size(*item, encoding_);
  QueueNode* node = nodes.take(std::move(item));
  (last_ ? last_->next : first_) = node;
  last_ = node;
}

std::size_t Outbox::size_of(const LocalFrame& item) const {
  if (encoding_ == Encoding::kServerSentEvents && item.frame)
    return item.frame->json().size() + kStreamHeadEstimate;
  return wire_size(item, encoding_);
}

std::size_t Outbox::gather(std::span<iovec> pieces, std::size_t bytes_max, std::size_t& bytes)
    const {
  bytes = 0;
  std::size_t used = 0;
  std::size_t skip = front_taken_;
  for (const QueueNode* node = first_; node && bytes < bytes_max; node = node->next) {
    if (used + std::tuple_size_v < Pieces >> pieces.size()) break;
    for (auto piece : pieces_of(*node->item, encoding_)) {
      const std::size_t skipped = std::min(skip, piece.size());
      skip -= skipped;
      piece.remove_prefix(skipped);
      if (piece.empty()) continue;
      pieces[used++] = iovec{const_cast<char*>(piece.data()), piece.size()};
      bytes += piece.size();
    }
  }
  return used;
}

std::size_t Outbox::consume(std::size_t bytes, QueueNodes& nodes) {
  MLG_CHECK(bytes <= bytes_);
  std::size_t events = 0;
  bytes_ -= bytes;
  while (first_) {
    const LocalFrame& front = *first_->item;
    const std::size_t left = wire_size(front, encoding_) - front_taken_;
    if (bytes < left) {
      front_taken_ += bytes;
      break;
    }
    bytes -= left;
    events += front.events();
    drop_first(nodes);
  }
  return events;
}

void Outbox::drop_first(QueueNodes& nodes) {
  QueueNode* node = first_;
  first_ = node->next;
  if (!first_) last_ = nullptr;
  front_taken_ = 0;
  nodes.give_back(node);
}

void Outbox::drop_unbegun(QueueNodes& nodes) {
  if (front_taken_ == 0) return clear(nodes);
  const std::size_t taken = front_taken_;
  // Of several frames in one piece, those that the socket has seen nothing of go too.
  LocalRef begun = first_->item;
  if (const auto end = std::lower_bound(begun->ends.begin(), begun->ends.end(), taken);
      end != begun->ends.end())
    begun = LocalRef::owned(begun->owned.substr(0, *end));
  clear(nodes);
  if (wire_size(*begun, encoding_) == taken) return;
  push(std::move(begun), {}, nodes);
  front_taken_ = taken;
  bytes_ -= taken;
}

void Outbox::clear(QueueNodes& nodes) {
  while (first_) drop_first(nodes);
  bytes_ = 0;
}

}  // namespace mlgraph::hub
