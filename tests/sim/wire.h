#pragma once
// One connection: what the kernel holds between server and client, and what both ends are told.
#include <algorithm>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <sys/uio.h>

#include "sim/ask.h"

namespace mlgraph::sim {

class Wire {
 public:
  explicit Wire(std::size_t capacity) : capacity_(capacity) {}

  // The server's end.
  /// Takes what fits.
  std::size_t put(std::span<const iovec> pieces) {
    std::size_t taken = 0;
    for (const auto& piece : pieces) {
      const auto n = std::min(piece.iov_len, capacity_ - held_.size());
      held_.append(static_cast<const char*>(piece.iov_base), n);
      taken += n;
      if (n < piece.iov_len) break;
    }
    put_ += taken;
    return taken;
  }
  [[nodiscard]] std::uint64_t put_so_far() const { return put_; }
  [[nodiscard]] bool has_room() const { return held_.size() < capacity_; }
  [[nodiscard]] bool asked() const { return !asks_.empty(); }
  [[nodiscard]] Ask next_ask() {
    Ask ask = std::move(asks_.front());
    asks_.pop_front();
    return ask;
  }
  /// kWhole: all was sent first. kReset: what the client has not read is lost. kCut: the client
  /// reads what the kernel has.
  enum class End { kNone, kWhole, kReset, kCut };
  void end_by_server(End how) {
    if (end_ != End::kNone) return;
    end_ = how;
    if (how == End::kReset) held_.clear();
    on_asked = on_room = on_client_end = nullptr;
  }
  // Set by the server, called while the client acts.
  std::function<void()> on_asked;
  std::function<void()> on_room;
  std::function<void()> on_client_end;

  // The client's end.
  [[nodiscard]] std::string take(std::size_t bytes_max) {
    std::string bytes = held_.substr(0, bytes_max);
    held_.erase(0, bytes.size());
    if (!bytes.empty() && on_room) on_room();
    return bytes;
  }
  [[nodiscard]] End end() const { return end_; }
  void ask(Ask ask) {
    asks_.push_back(std::move(ask));
    if (on_asked) on_asked();
  }
  [[nodiscard]] bool readable() const { return !held_.empty(); }
  [[nodiscard]] bool ended() const { return end_ != End::kNone && held_.empty(); }
  enum class Client { kThere, kSaidClose, kGone, kSilent };
  /// kGone: reset. kSilent: the network between is cut, and nobody is told.
  void end_by_client(Client how) {
    client_ = how;
    if (how == Client::kGone) held_.clear();
    if (how != Client::kSilent && on_client_end) on_client_end();
  }
  [[nodiscard]] Client client() const { return client_; }

 private:
  const std::size_t capacity_;
  std::string held_;
  std::uint64_t put_ = 0;
  std::deque<Ask> asks_;
  End end_ = End::kNone;
  Client client_ = Client::kThere;
};

}  // namespace mlgraph::sim
