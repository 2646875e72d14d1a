#include "hub/outbox.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace mlgraph::hub {
namespace {
constexpr std::size_t kItemsKept = 64;  // an emptied queue above this gives its memory back
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
}  // namespace

void Outbox::push(LocalRef item, std::string_view epoch) {
  if (item->frame && encoding_ == Encoding::kServerSentEvents && item->sse_head.empty()) {
    if (item->frame->seq != 0)
      item->sse_head.append("id: ")
          .append(epoch)
          .append("-")
          .append(std::to_string(item->frame->seq))
          .append("\n");
    item->sse_head += kStreamData;
  }
  if (count_ == items_.size()) {
    std::vector<LocalRef> larger(std::max<std::size_t>(4, items_.size() * 2));
    for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(at(i));
    items_ = std::move(larger);
    head_ = 0;
  }
  bytes_ += wire_size(*item);
  ++count_;
  at(count_ - 1) = std::move(item);
}

std::size_t Outbox::wire_size(const LocalFrame& item) const {
  std::size_t size = 0;
  for (const auto piece : pieces_of(item, encoding_)) size += piece.size();
  return size;
}

std::size_t Outbox::size_of(const Frame& frame) const {
  if (encoding_ == Encoding::kWebSocket) return frame.wire.size();
  if (encoding_ == Encoding::kWebSocketDeflate) return frame.deflated_wire().size();
  return frame.json().size() + kStreamHeadEstimate;
}

std::size_t Outbox::gather(std::span<iovec> pieces, std::size_t bytes_max, std::size_t& bytes)
    const {
  bytes = 0;
  std::size_t used = 0;
  std::size_t skip = front_taken_;
  for (std::size_t i = 0; i < count_ && bytes < bytes_max; ++i) {
    if (used + std::tuple_size_v < Pieces >> pieces.size()) break;
    for (auto piece : pieces_of(*at(i), encoding_)) {
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

std::size_t Outbox::consume(std::size_t bytes) {
  MLG_CHECK(bytes <= bytes_);
  std::size_t events = 0;
  bytes_ -= bytes;
  while (count_ > 0) {
    LocalRef& front = at(0);
    const std::size_t left = wire_size(*front) - front_taken_;
    if (bytes < left) {
      front_taken_ += bytes;
      break;
    }
    bytes -= left;
    front_taken_ = 0;
    if (front->frame) ++events;
    front = LocalRef();
    head_ = (head_ + 1) & (items_.size() - 1);
    --count_;
  }
  if (count_ == 0 && items_.size() > kItemsKept) clear();
  return events;
}

void Outbox::drop_unbegun() {
  const std::size_t kept = front_taken_ > 0 ? 1 : 0;
  for (std::size_t i = kept; i < count_; ++i) {
    bytes_ -= wire_size(*at(i));
    at(i) = LocalRef();
  }
  count_ = std::min(count_, kept);
}

void Outbox::clear() {
  items_ = {};
  head_ = count_ = front_taken_ = bytes_ = 0;
}

}  // namespace mlgraph::hub
